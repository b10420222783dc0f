//! The path of a key in a manifest, such as `triggers[1].schedule`.

use std::fmt;

/// The keys and indices that lead to a value, from `[package.metadata.fg]` on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(Vec<Step>);

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// Of an element of a list.
    Index(usize),
}

impl KeyPath {
    /// The path of a key in the table itself.
    pub(crate) fn of(key: &str) -> Self {
        Self::default().key(key)
    }

    /// The path of a key in the table at this path.
    #[must_use]
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The path of an element in the list at this path.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// This path, and then that one.
    #[must_use]
    pub(super) fn join(&self, below: &Self) -> Self {
        Self(self.0.iter().chain(&below.0).cloned().collect())
    }

    /// The key that tells where this path is from: the first one, or that of a variable.
    pub(super) fn origin(&self) -> String {
        match self.0.as_slice() {
            [Step::Key(first), Step::Key(name), ..] if first == "environment" => {
                format!("{first}.{name}")
            }
            [Step::Key(first), ..] => first.clone(),
            _ => String::new(),
        }
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The last key.
    pub(super) fn last_key(&self) -> &str {
        let key = |step: &'_ Step| matches!(step, Step::Key(_));
        match self.0.iter().rev().find(|step| key(step)) {
            Some(Step::Key(key)) => key,
            _ => "fg",
        }
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_bare(key) => write!(f, "{dot}{key}")?,
                Step::Key(key) => write!(f, "{dot}{key:?}")?,
            }
        }
        Ok(())
    }
}

/// Whether TOML has this key without quotation marks.
fn is_bare(key: &str) -> bool {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    !key.is_empty() && key.chars().all(is_fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_in_programs() {
        let path = KeyPath::of("triggers").index(1).key("schedule");
        assert_eq!(path.to_string(), "triggers[1].schedule");
        assert_eq!(KeyPath::of("environment").key("a b\n").to_string(), r#"environment."a b\n""#);
        assert_eq!(path.last_key(), "schedule");
        assert_eq!(KeyPath::of("triggers").index(0).last_key(), "triggers");
    }
}
