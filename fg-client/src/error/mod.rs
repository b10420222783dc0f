//! What can go wrong with a request, with what to do about it.

mod advice;
mod answer;
mod function;
mod service;
mod transport;

use std::fmt;

pub use self::advice::advice;
pub use self::answer::AnswerError;
pub use self::function::FunctionError;
pub use self::service::{ClockSkew, ServiceError};
pub use self::transport::{TransportError, TransportErrorKind};
use crate::credentials::CredentialsError;
use crate::settings::SettingsError;
use crate::sign::SignError;

/// What a request ended with instead of an answer. Each says in its message what to do, and none
/// holds a secret key, a token, or the value of a variable.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The platform refused the request, or failed.
    Service(Box<ServiceError>),
    /// The function that was invoked ended with an error of its own.
    Function(Box<FunctionError>),
    /// The platform was not reached, or did not answer.
    Transport(Box<TransportError>),
    /// The answer is not what the API promises.
    Answer(Box<AnswerError>),
    /// There are no credentials.
    Credentials(CredentialsError),
    /// A setting is missing, or cannot be used.
    Settings(SettingsError),
    /// The request cannot be signed, or built.
    Sign(SignError),
    /// The event, or a field of a request, cannot be JSON.
    Serialize(String),
}

impl Error {
    /// The platform's error, if there is one.
    #[must_use]
    pub fn as_service(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            _ => None,
        }
    }

    /// The code of the platform, such as `FSS.1051`.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.as_service()?.error_code()
    }

    /// Whether what the request names is not there: status 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.as_service().is_some_and(|error| error.status() == 404)
    }

    /// Whether the request may have been carried out, although there is no answer that says so.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Service(error) => matches!(error.status(), 500 | 502 | 503 | 504),
            Self::Transport(error) => error.is_ambiguous(),
            Self::Answer(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            Self::Function(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Answer(error) => error.fmt(f),
            Self::Credentials(error) => error.fmt(f),
            Self::Settings(error) => error.fmt(f),
            Self::Sign(error) => error.fmt(f),
            Self::Serialize(message) => write!(f, "not sent: {message}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<CredentialsError> for Error {
    fn from(error: CredentialsError) -> Self {
        Self::Credentials(error)
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl From<SignError> for Error {
    fn from(error: SignError) -> Self {
        Self::Sign(error)
    }
}
