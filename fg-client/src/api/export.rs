//! A function as a file.

use bytes::Bytes;
use http::Method;

use crate::error::Error;
use crate::function::RemoteFunction;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Export {
    /// The code.
    Code,
    /// The configuration.
    Configuration,
    /// Both.
    All,
}

/// Code has at most 300 MB, zipped.
const LARGEST: usize = 310 * 1024 * 1024;

impl RemoteFunction {
    /// The function as a zip file. `GET .../export`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn export(&self, what: Export) -> Result<Bytes, Error> {
        let path = ["fgs", "functions", &self.name(), "export"];
        let (config, code) = match what {
            Export::Code => (None, Some("true")),
            Export::Configuration => (Some("true"), None),
            Export::All => (Some("true"), Some("true")),
        };
        let answer = self.send("export", Method::GET, &path, |call| {
            let mut call = call.query("config", config).query("code", code);
            call.largest_answer = LARGEST;
            Ok(call)
        });
        Ok(answer.await?.response.body)
    }
}
