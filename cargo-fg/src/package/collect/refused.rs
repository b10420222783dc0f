//! Errors about files that cannot be included.

use crate::failure::Failure;

/// The maximum number of errors in a message. A problem often applies to all files of a directory.
const MAX_ERRORS: usize = 20;

/// A file that cannot be included, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::package) struct Refused {
    /// The path as the user wrote it.
    path: String,
    reason: String,
    advice: String,
    /// Whether the file is missing and a build may generate it.
    pub(in crate::package) may_be_generated: bool,
}

impl Refused {
    pub(in crate::package) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: on_one_line(&path.into()),
            reason: on_one_line(&reason.into()),
            advice: String::new(),
            may_be_generated: false,
        }
    }

    /// A missing file, which a build script may generate.
    pub(in crate::package) fn missing(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { may_be_generated: true, ..Self::new(path, reason) }
    }

    pub(in crate::package) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// Replaces control characters: the name of a file may contain line breaks.
pub(in crate::package) fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// Combines all errors into one failure.
pub(in crate::package) fn refuse(all: &[Refused]) -> Failure {
    let failure = match all {
        [one] => Failure::usage(format!("{} cannot be included", one.path))
            .because(&std::io::Error::other(one.reason.as_str())),
        _ => {
            let failure = Failure::usage(format!("{} files cannot be included", all.len()));
            let reasons =
                all.iter().take(MAX_ERRORS).map(|one| format!("{}: {}", one.path, one.reason));
            let more = all.len().saturating_sub(MAX_ERRORS);
            let more = (more > 0).then(|| format!("and {more} more"));
            reasons
                .chain(more)
                .fold(failure, |failure, reason| failure.because(&std::io::Error::other(reason)))
        }
    };
    let mut advice: Vec<&str> = Vec::new();
    for one in all.iter().filter(|one| !one.advice.is_empty()) {
        if !advice.contains(&one.advice.as_str()) && advice.len() < MAX_ERRORS {
            advice.push(&one.advice);
        }
    }
    if advice.is_empty() { failure } else { failure.advise(advice.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failure_has_all_reasons_and_each_advice_once() {
        let all: Vec<_> = (0..22)
            .map(|at| Refused::new(format!("pipe{at}"), "it is a pipe").advise("remove it"))
            .collect();
        let text = refuse(&all).to_string();
        assert!(
            text.starts_with("22 files cannot be included\n  because: pipe0: it is a pipe\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "  because: pipe19: it is a pipe\n  because: and 2 more\n  help: remove it"
            ),
            "{text}"
        );
        let text = refuse(&all[..1]).to_string();
        assert_eq!(text, "pipe0 cannot be included\n  because: it is a pipe\n  help: remove it");
    }
}
