//! Why something is not put into a package.

use crate::failure::Failure;

/// How many are told. What is wrong with a folder is often wrong with all that is in it.
const TOLD: usize = 20;

/// Something that is not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::package) struct Refused {
    /// As the user knows it.
    path: String,
    reason: String,
    advice: String,
    /// Whether a build may change that.
    pub(in crate::package) may_come: bool,
}

impl Refused {
    pub(in crate::package) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: on_one_line(&path.into()),
            reason: on_one_line(&reason.into()),
            advice: String::new(),
            may_come: false,
        }
    }

    /// It is not there yet: a build script may write it.
    pub(in crate::package) fn missing(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { may_come: true, ..Self::new(path, reason) }
    }

    pub(in crate::package) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// A file's name may have line breaks in it.
pub(in crate::package) fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// One failure of all of them.
pub(in crate::package) fn refuse(all: &[Refused]) -> Failure {
    let failure = match all {
        [one] => Failure::usage(format!("{} cannot be included", one.path))
            .because(&std::io::Error::other(one.reason.as_str())),
        _ => {
            let failure = Failure::usage(format!("{} things cannot be included", all.len()));
            let told = all.iter().take(TOLD).map(|one| format!("{}: {}", one.path, one.reason));
            let more = all.len().saturating_sub(TOLD);
            let more = (more > 0).then(|| format!("and {more} more"));
            told.chain(more)
                .fold(failure, |failure, reason| failure.because(&std::io::Error::other(reason)))
        }
    };
    let mut advice: Vec<&str> = Vec::new();
    for one in all.iter().filter(|one| !one.advice.is_empty()) {
        if !advice.contains(&one.advice.as_str()) && advice.len() < TOLD {
            advice.push(&one.advice);
        }
    }
    if advice.is_empty() { failure } else { failure.advise(advice.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_reasons_are_told_and_each_advice_once() {
        let all: Vec<_> = (0..22)
            .map(|at| Refused::new(format!("pipe{at}"), "it is a pipe").advise("leave it out"))
            .collect();
        let told = refuse(&all).to_string();
        assert!(
            told.starts_with("22 things cannot be included\n  because: pipe0: it is a pipe\n"),
            "{told}"
        );
        assert!(
            told.ends_with(
                "  because: pipe19: it is a pipe\n  because: and 2 more\n  help: leave it out"
            ),
            "{told}"
        );
        let told = refuse(&all[..1]).to_string();
        assert_eq!(told, "pipe0 cannot be included\n  because: it is a pipe\n  help: leave it out");
    }
}
