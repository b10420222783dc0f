//! Where a table of metadata is, so that errors name the file and the line of a key.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::path::{KeyPath, Step};
use crate::failure::Failure;

/// A table of metadata in a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The manifest.
    manifest: PathBuf,
    /// The path of the table: `package.metadata.fg`, and so on.
    table: KeyPath,
}

impl Place {
    /// `[package.metadata.fg]` or `[workspace.metadata.fg]` of a manifest.
    pub(crate) fn new(manifest: &Path, parent: &str) -> Self {
        let table = KeyPath::of(parent).key("metadata").key("fg");
        Self { manifest: manifest.to_owned(), table }
    }

    /// The failure because of a mistake in this table.
    pub(crate) fn failure(&self, mistake: &Mistake) -> Failure {
        let place = match self.line(&mistake.path) {
            Some(line) => format!("{}:{line}", shown(&self.manifest)),
            // It was changed in the meantime.
            None => format!("[{}] in {}", self.table, shown(&self.manifest)),
        };
        let failure = match mistake.path.steps() {
            [] => Failure::usage(format!("{place}: {}", mistake.reason)),
            _ => Failure::usage(format!("{place}: {}: {}", mistake.path, mistake.reason)),
        };
        match &mistake.advice {
            Some(advice) => failure.advise(advice),
            None => failure,
        }
    }

    /// The line of a key of the table, or of the table it should be in, counted from 1.
    fn line(&self, path: &KeyPath) -> Option<usize> {
        let text = std::fs::read_to_string(&self.manifest).ok()?;
        let steps: Vec<_> = self.table.steps().iter().chain(path.steps()).collect();
        line_of(&text, &steps)
    }
}

/// The line of the value that these steps lead to, as far as they lead.
fn line_of(text: &str, steps: &[&Step]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (mut table, mut list) = (Some(document.get_ref()), None);
    let mut start = None;
    for step in steps {
        let found: Option<(usize, &Spanned<DeValue<'_>>)> = match step {
            Step::Key(key) => table
                .and_then(|table| table.get_key_value(key.as_str()))
                .map(|(key, value)| (key.span().start, value)),
            Step::Index(index) => list
                .and_then(|list: &toml::de::DeArray<'_>| list.get(*index))
                .map(|value| (value.span().start, value)),
        };
        let Some((at, value)) = found else { break };
        start = Some(at);
        (table, list) = (value.get_ref().as_table(), value.get_ref().as_array());
    }
    start.map(|start| text[..start].matches('\n').count() + 1)
}

/// The path relative to the current directory, if it is below it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[package]
name = \"greet\"

[package.metadata.fg]
memory = 256
environment = { A = \"a\",
  B = \"\"\"
b
\"\"\", C = \"c\" }
triggers = [
  { type = \"timer\", schedule = \"1h\" }, # the first
  { type = \"obs\",
    bucket = \"b\" },
]

[[package.metadata.fg.timers]]
schedule = \"@every 1h\"

[[package.metadata.fg.timers]]
schedule = \"@every 2h\"

[package.metadata.fg.env.prod]
vpc.id = \"v\"
";

    #[test]
    fn the_line_of_a_key_is_found_in_each_style_of_toml() {
        let fg = KeyPath::of("package").key("metadata").key("fg");
        let triggers = fg.key("triggers");
        let timers = fg.key("timers");
        for (path, line) in [
            (fg.clone(), 4),
            (fg.key("memory"), 5),
            (fg.key("environment").key("A"), 6),
            (fg.key("environment").key("B"), 7),
            (fg.key("environment").key("C"), 9),
            (fg.key("environment").key("D"), 6),
            (triggers.index(0).key("schedule"), 11),
            (triggers.index(1).key("bucket"), 13),
            (triggers.index(1).key("events"), 12),
            (timers.index(0).key("schedule"), 17),
            (timers.index(1).key("schedule"), 20),
            (timers.index(1).key("nothing"), 19),
            (fg.key("env").key("prod").key("vpc").key("id"), 23),
        ] {
            let steps: Vec<_> = path.steps().iter().collect();
            assert_eq!(line_of(TEXT, &steps), Some(line), "{path}");
        }
        assert_eq!(line_of("no = [toml", &[]), None);
    }
}
