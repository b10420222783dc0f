//! Which log records are written: a level for each target, as in `FG_LOG`.

use std::str::FromStr;

use crate::log::{Level, find_named};

/// The least severe level that is written, if any. The crates `log` and `tracing` have one more
/// level than [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are the levels of `FG_LOG`")]
pub enum Verbosity {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl FromStr for Verbosity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let names = &[
            ("off", Self::Off),
            ("error", Self::Error),
            ("warn", Self::Warn),
            ("info", Self::Info),
            ("debug", Self::Debug),
            ("trace", Self::Trace),
        ];
        find_named(text, names).ok_or(())
    }
}

impl From<Level> for Verbosity {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// The target of the records of [`Logger`](crate::Logger).
pub(crate) const OWN_TARGET: &str = "fg";

/// A level for each target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter {
    /// Sorted by the length of the target, longest first: the first that is a prefix applies.
    directives: Vec<(String, Verbosity)>,
    default: Verbosity,
    /// The level of [`OWN_TARGET`], which every call of the logger looks up.
    own: Verbosity,
}

impl LogFilter {
    /// The same level for every target.
    #[must_use]
    pub const fn all(default: Verbosity) -> Self {
        Self { directives: Vec::new(), default, own: default }
    }

    /// Parses directives such as `info,hyper=warn,shop::stock=trace`. Skips invalid ones and passes
    /// them to `on_invalid`.
    ///
    /// A level alone applies to all targets without a directive of their own; a target alone has
    /// the level `trace`. Of several that are prefixes of a target, the longest applies.
    pub(crate) fn parse(text: &str, default: Verbosity, on_invalid: &mut dyn FnMut(&str)) -> Self {
        let mut filter = Self::all(default);
        for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
            let (target, level) = directive
                .split_once('=')
                .map_or((directive, None), |(target, level)| (target.trim(), Some(level.trim())));
            let is_target = !target.is_empty()
                && target
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_:-./".contains(&byte));
            match (target.parse(), level.map(str::parse)) {
                (Ok(verbosity), None) => filter.default = verbosity,
                (Err(()), None) if is_target => filter.add(target, Verbosity::Trace),
                (_, Some(Ok(verbosity))) if is_target => filter.add(target, verbosity),
                _ => on_invalid(directive),
            }
        }
        filter.own = filter.verbosity_of(OWN_TARGET);
        filter
    }

    /// Inserts a directive after all longer ones and before one for the same target, so that the
    /// last one given applies.
    fn add(&mut self, target: &str, verbosity: Verbosity) {
        let at = self
            .directives
            .iter()
            .position(|(other, _)| other.len() <= target.len())
            .unwrap_or(self.directives.len());
        self.directives.insert(at, (target.to_owned(), verbosity));
    }

    fn verbosity_of(&self, target: &str) -> Verbosity {
        let directive =
            self.directives.iter().find(|(start, _)| target.starts_with(start.as_str()));
        directive.map_or(self.default, |(_, verbosity)| *verbosity)
    }

    /// Whether a record of this target and level is written.
    #[must_use]
    pub fn enables(&self, target: &str, verbosity: Verbosity) -> bool {
        verbosity <= self.verbosity_of(target)
    }

    /// Whether a record of [`Logger`](crate::Logger) is written.
    pub(crate) fn enables_own(&self, level: Level) -> bool {
        Verbosity::from(level) <= self.own
    }

    /// The highest verbosity of any target.
    #[must_use]
    pub fn max(&self) -> Verbosity {
        self.directives.iter().map(|(_, verbosity)| *verbosity).fold(self.default, Verbosity::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (LogFilter, Vec<String>) {
        let mut invalid = Vec::new();
        let filter = LogFilter::parse(text, Verbosity::Info, &mut |directive| {
            invalid.push(directive.to_owned());
        });
        (filter, invalid)
    }

    #[test]
    fn the_longest_target_applies_and_a_level_alone_is_for_all_others() {
        let (filter, invalid) = parse("WARN, hyper=off ,hyper::client=debug,shop,fg=error,fg=info");
        assert_eq!(invalid, [""; 0]);
        for (target, most) in [
            ("hyper::server", Verbosity::Off),
            ("hyper::client::pool", Verbosity::Debug),
            ("shop::stock", Verbosity::Trace),
            ("other", Verbosity::Warn),
            (OWN_TARGET, Verbosity::Info),
        ] {
            assert_eq!(filter.verbosity_of(target), most, "{target}");
            assert!(filter.enables(target, most));
        }
        assert!(filter.enables_own(Level::Info) && !filter.enables_own(Level::Debug));
        assert_eq!(filter.max(), Verbosity::Trace);
    }

    #[test]
    fn an_invalid_directive_is_skipped_and_reported() {
        let (filter, invalid) = parse("hyper=loud,[span]=info,=warn,,debug,a=b=c");
        assert_eq!(invalid, ["hyper=loud", "[span]=info", "=warn", "a=b=c"]);
        assert_eq!(filter, LogFilter::all(Verbosity::Debug));
        assert_eq!(
            parse("hyper=warn").0.verbosity_of("other"),
            Verbosity::Info,
            "the default is what it was"
        );
    }
}
