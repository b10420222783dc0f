//! A mistake in the metadata: where it is, what it is, what to do. It does not quote values, which
//! may be secrets.

use super::path::KeyPath;

/// A mistake in the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) path: KeyPath,
    pub(crate) reason: String,
    pub(crate) advice: Option<String>,
}

impl Mistake {
    pub(crate) fn new(path: KeyPath, reason: impl Into<String>) -> Self {
        Self { path, reason: reason.into(), advice: None }
    }

    /// Sets what to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}
