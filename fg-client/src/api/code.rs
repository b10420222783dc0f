//! The code of a function.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use super::functions::Function;
use super::request;
use crate::client::Call;
use crate::error::Error;
use crate::function::RemoteFunction;

/// The code itself, in base64. `Debug` prints its length.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct FunctionCode {
    /// The zip file in base64. The platform never answers with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A link to the code, in answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl FunctionCode {
    /// A zip file, at most 50 MB.
    #[must_use]
    pub fn zip(zip: &[u8]) -> Self {
        Self { file: Some(STANDARD.encode(zip)), link: None }
    }
}

impl fmt::Debug for FunctionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.file.as_ref().map_or(0, String::len);
        write!(f, "FunctionCode({length} characters)")
    }
}

/// What the platform tells as `digest` of this code: SHA-512 in hexadecimal. Equal code does not
/// have to be sent again.
#[must_use]
pub fn digest(zip: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha512::digest(zip))
}

request! {
    /// New code. Images are changed in the configuration.
    pub struct UpdateCode {
        /// `zip`, `obs`, `inline`, `jar`.
        code_type: String,
        ..
        /// The URL of an object, for `obs`.
        code_url: String,
        /// The name of the file, for `zip`.
        code_filename: String,
        /// The code, for `zip`.
        func_code: FunctionCode,
        /// The ids of the dependencies' versions.
        depend_version_list: Vec<String>,
        /// The key that encrypts the code.
        code_encrypt_kms_key_id: String,
    }
}

impl UpdateCode {
    /// A zip file, at most 50 MB. `file_name` ends with `.zip`.
    pub fn zip(file_name: impl Into<String>, zip: &[u8]) -> Self {
        Self {
            code_type: "zip".to_owned(),
            code_filename: Some(file_name.into()),
            func_code: Some(FunctionCode::zip(zip)),
            ..Self::default()
        }
    }

    /// An object in OBS, `https://BUCKET.obs.REGION.myhuaweicloud.com/KEY`, in the function's
    /// region. The platform does not notice that the object changes: this has to be sent again.
    pub fn obs(url: impl Into<String>) -> Self {
        Self {
            code_type: "obs".to_owned(),
            code_url: Some(url.into()),
            // Required by the API, and empty.
            func_code: Some(FunctionCode::default()),
            ..Self::default()
        }
    }
}

impl RemoteFunction {
    /// What the code is: type, size and digest, not the code itself. `GET .../code`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1051 if there is no such function.
    pub async fn code(&self) -> Result<Function, Error> {
        let path = ["fgs", "functions", &self.name(), "code"];
        self.send("show the code of", Method::GET, &path, Ok).await?.json()
    }

    /// Replaces the code of the latest version. `PUT .../code`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1011 if it is not a zip file, FSS.1071 above 50 MB.
    pub async fn update_code(&self, code: &UpdateCode) -> Result<Function, Error> {
        let path = ["fgs", "functions", &self.name(), "code"];
        self.send("update the code of", Method::PUT, &path, |call: Call| call.json(code))
            .await?
            .json()
    }
}
