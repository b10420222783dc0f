//! What a project may use, and uses.

use http::Method;
use serde::Deserialize;

use super::{answer, list};
use crate::client::{Call, Client};
use crate::error::Error;
use crate::region::Service;

answer! {
    /// A quota of a project.
    pub struct Quota {
        /// `fgs_func_num`, `fgs_func_code_size`, `fgs_func_occurs`, and others.
        r#type: String,
        /// The limit.
        quota: i64,
        /// What is used.
        used: i64,
        /// The unit: `MB`, or none.
        unit: String,
    }
}

#[derive(Deserialize)]
struct Answer {
    quotas: Resources,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(default, deserialize_with = "list")]
    resources: Vec<Quota>,
}

impl Client {
    /// The quotas of the project. `GET /fgs/quotas`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn quotas(&self) -> Result<Vec<Quota>, Error> {
        let project = self.project().await?.value;
        let path = ["fgs", "quotas"];
        let call =
            Call::project("list quotas", Service::FunctionGraph, &project, Method::GET, &path);
        Ok(self.send(call).await?.json::<Answer>()?.quotas.resources)
    }
}
