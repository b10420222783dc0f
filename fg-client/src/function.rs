//! A function in the cloud, named by its URN.

use http::Method;

use crate::client::{Answer, Call, Client};
use crate::error::Error;
use crate::urn::FunctionUrn;

/// A function in the cloud: what can be done with it. Made by [`Client::function`]; a clone is
/// cheap.
#[derive(Clone, Debug)]
pub struct RemoteFunction {
    client: Client,
    urn: FunctionUrn,
}

impl RemoteFunction {
    pub(crate) fn new(client: Client, urn: FunctionUrn) -> Self {
        Self { client, urn }
    }

    /// Its URN.
    #[must_use]
    pub fn urn(&self) -> &FunctionUrn {
        &self.urn
    }

    /// Its client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The URN as part of a path.
    pub(crate) fn name(&self) -> String {
        self.urn.to_string()
    }

    /// Sends a request about it. The operation is a verb: `update the code of`.
    pub(crate) async fn send(
        &self,
        operation: &str,
        method: Method,
        path: &[&str],
        with: impl FnOnce(Call) -> Result<Call, Error>,
    ) -> Result<Answer, Error> {
        let call = Call::function(operation, &self.urn, method, path);
        self.client.send(with(call)?).await
    }
}
