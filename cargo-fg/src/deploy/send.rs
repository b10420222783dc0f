//! Sends the request of a step.

use std::time::Duration;

use fg_client::functions::{FunctionCode, UpdateCode};
use fg_client::{Client, Error, FunctionUrn, RemoteFunction};
use tokio::time::{Instant, sleep};

use crate::deploy::code::{Code, Zip};
use crate::deploy::step::{Action, CodeSource};

/// How long the platform may take to remove a trigger, as in Terraform's provider.
const LONGEST_REMOVAL: Duration = Duration::from_secs(180);

/// Sends the requests of a deployment.
#[derive(Debug)]
pub(crate) struct Sender<'a> {
    pub(crate) client: &'a Client,
    pub(crate) urn: &'a FunctionUrn,
    pub(crate) code: &'a Code,
    /// The URL of the object that was uploaded.
    pub(crate) uploaded: Option<String>,
}

impl Sender<'_> {
    fn function(&self) -> RemoteFunction {
        self.client.function(self.urn)
    }

    fn zip(&self) -> Option<&Zip> {
        match self.code {
            Code::Zip(zip) => Some(zip),
            Code::Image(_) => None,
        }
    }

    /// Sends it, and waits until it is carried out.
    pub(crate) async fn send(&mut self, action: &Action) -> Result<(), Error> {
        let function = self.function();
        match action {
            Action::Create { body, code } => {
                let mut body = (**body).clone();
                match (code, self.zip()) {
                    (Some(CodeSource::Request { .. }), Some(zip)) => {
                        body.func_code = Some(FunctionCode::zip(&zip.bytes));
                    }
                    (Some(CodeSource::Bucket { bucket, key }), Some(_)) => {
                        body.code_url = Some(self.url(bucket, key).await?);
                    }
                    _ => {}
                }
                self.client.create_function(&body).await?;
            }
            Action::Upload { bucket, key } => drop(self.url(bucket, key).await?),
            Action::UpdateCode { body, code } => {
                let mut body: UpdateCode = body.clone();
                match (code, self.zip()) {
                    (CodeSource::Request { .. }, Some(zip)) => {
                        body.func_code = Some(FunctionCode::zip(&zip.bytes));
                    }
                    (CodeSource::Bucket { bucket, key }, _) => {
                        body.code_url = Some(self.url(bucket, key).await?);
                    }
                    _ => {}
                }
                function.update_code(&body).await?;
            }
            Action::Configure(body) => drop(function.update_config(body).await?),
            Action::LimitInstances(number) => drop(function.set_max_instances(*number).await?),
            Action::ConfigureAsynchronous { target, body } => {
                self.client.function(target).update_async_config(body).await?;
            }
            Action::Publish(body) => drop(function.publish(body).await?),
            Action::CreateAlias(body) => drop(function.create_alias(body).await?),
            Action::MoveAlias { name, body } => drop(function.update_alias(name, body).await?),
            Action::CreateTrigger { target, body, .. } => {
                self.client.function(target).create_trigger(body).await?;
            }
            Action::UpdateTrigger { target, code, id, body, .. } => {
                self.client.function(target).update_trigger(code, id, body).await?;
            }
            Action::DeleteTrigger { target, code, id, .. } => {
                let function = self.client.function(target);
                match function.delete_trigger(code, id).await {
                    Err(error) if error.is_not_found() => {}
                    result => result?,
                }
                wait_until_gone(&function, code, id).await?;
            }
        }
        Ok(())
    }

    /// The URL of the object with the code, which is uploaded unless it was.
    async fn url(&mut self, bucket: &str, key: &str) -> Result<String, Error> {
        if let Some(url) = &self.uploaded {
            return Ok(url.clone());
        }
        let bytes = self.zip().map(|zip| zip.bytes.clone()).unwrap_or_default();
        let object = self.client.put_object(bucket, key, "application/zip", bytes).await?;
        Ok(self.uploaded.insert(object.url).clone())
    }
}

/// Waits until a trigger that was deleted is gone: the platform refuses another like it before.
async fn wait_until_gone(function: &RemoteFunction, code: &str, id: &str) -> Result<(), Error> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(200);
    loop {
        match function.trigger(code, id).await {
            // The platform has this code for it, too.
            Err(error) if error.is_not_found() || error.error_code() == Some("FSS.0500") => {
                return Ok(());
            }
            result if began.elapsed() > LONGEST_REMOVAL => return result.map(drop),
            _ => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}
