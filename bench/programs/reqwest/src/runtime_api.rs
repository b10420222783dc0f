//! FunctionGraph's Runtime API, through reqwest.

use std::error::Error;

use reqwest::blocking::Client;

/// The client and the URLs.
pub(crate) struct RuntimeApi {
    client: Client,
    base: String,
}

impl RuntimeApi {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let base = format!("http://{}/v1/runtime/invocation", std::env::var("RUNTIME_API_ADDR")?);
        Ok(Self { client: Client::builder().timeout(None).build()?, base })
    }

    /// The id and the payload of the next event.
    pub(crate) fn next(&self) -> Result<(String, bytes::Bytes), Box<dyn Error>> {
        let response =
            self.client.get(format!("{}/request", self.base)).send()?.error_for_status()?;
        let request_id =
            response.headers().get("x-cff-request-id").ok_or("no request id")?.to_str()?.to_owned();
        Ok((request_id, response.bytes()?))
    }

    /// Answers an event.
    pub(crate) fn answer(&self, request_id: &str, reply: Vec<u8>) -> Result<(), Box<dyn Error>> {
        self.client
            .post(format!("{}/response/{request_id}", self.base))
            .header("content-type", "application/json")
            .body(reply)
            .send()?
            .error_for_status()?;
        Ok(())
    }
}
