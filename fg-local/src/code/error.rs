//! Why a package is refused, and how the API says it.

use std::fmt;

use axum::http::StatusCode;

use crate::error::ApiError;
use crate::store::StoreError;

/// A package cannot be stored or unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PackageError {
    /// It is not a zip file, for this reason. The platform says `zip: not a valid zip file`.
    NotZip(String),
    /// It has more bytes than a package may have.
    TooLarge(u64),
    /// It is a zip file, and has something that is not unpacked: a sentence that names the entry.
    Refused(String),
    /// The store has no package with this digest.
    NotFound(String),
    Store(StoreError),
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotZip(_) => f.write_str("zip: not a valid zip file"),
            Self::TooLarge(size) => write!(
                f,
                "the package has {size} bytes, and the most that can be uploaded are {}",
                super::MAX_PACKAGE
            ),
            Self::Refused(sentence) => f.write_str(sentence),
            Self::NotFound(digest) if digest.is_empty() => {
                f.write_str("the function has no package")
            }
            Self::NotFound(digest) => {
                write!(f, "the data folder has no package with the SHA-512 {digest}")
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PackageError {}

impl From<StoreError> for PackageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The platform's codes: FSS.1011 is invalid code, FSS.1071 a package that is too large.
impl From<PackageError> for ApiError {
    fn from(error: PackageError) -> Self {
        let message = error.to_string();
        match error {
            PackageError::NotZip(_) | PackageError::Refused(_) => {
                Self::bad_request("FSS.1011", message)
            }
            PackageError::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "FSS.1071", message)
            }
            PackageError::NotFound(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "FSS.0500", message)
            }
            PackageError::Store(error) => error.into(),
        }
    }
}
