//! The code of a deployment: a zip file that was built, or an image.

use fg_client::functions::digest;

/// How large a zip file may be that is sent in a request (FSS.1071).
const LARGEST_REQUEST: usize = 50 << 20;

/// What the function is to run.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Code {
    Zip(Zip),
    /// The address of an image in SWR.
    Image(String),
}

/// A zip file, with its digest as the platform tells it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Zip {
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
}

impl Zip {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { digest: digest(&bytes), bytes }
    }

    /// Whether it has to go through a bucket.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes.len() > LARGEST_REQUEST
    }
}

impl Code {
    /// What tells this code from another.
    pub(crate) fn identity(&self) -> &str {
        match self {
            Self::Zip(zip) => &zip.digest,
            Self::Image(image) => image,
        }
    }

    /// The digest that the platform will tell; it tells none of an image.
    pub(crate) fn digest(&self) -> Option<&str> {
        match self {
            Self::Zip(zip) => Some(&zip.digest),
            Self::Image(_) => None,
        }
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({})", self.identity())
    }
}
