//! Who a client is, where, and from which source that is known.

use std::time::SystemTime;

use super::Client;
use crate::credentials::{Credentials, Found};
use crate::error::Error;
use crate::region::Service;

/// Who a client is and where, each with its source, and no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Identity {
    /// The access key, which is an identifier.
    pub access_key: Found<String>,
    /// Whether the credentials are temporary, with a token.
    pub is_temporary: bool,
    /// When temporary credentials end, if that is known.
    pub expires_at: Option<SystemTime>,
    /// The region; `None` if only the endpoint is known.
    pub region: Option<Found<String>>,
    /// The id of the project; `None` only if it is not set, and IAM was not asked.
    pub project_id: Option<Found<String>>,
    /// The id of the account, if it was set: [`Client::domains`] asks for it.
    pub domain_id: Option<Found<String>>,
    /// Where FunctionGraph is.
    pub endpoint: Found<String>,
}

impl Client {
    /// Who this client is and where. Asks the metadata service for credentials, and IAM for the
    /// project, if these are not known otherwise; that the credentials are good is only known if
    /// IAM is asked, for example with [`Client::domains`].
    ///
    /// # Errors
    ///
    /// What is missing, or IAM's refusal.
    pub async fn identity(&self) -> Result<Identity, Error> {
        let mut identity = self.known_identity().await?;
        identity.project_id = Some(self.project().await?);
        Ok(identity)
    }

    /// The same without asking IAM: what is known although the credentials may not be good.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub async fn known_identity(&self) -> Result<Identity, Error> {
        let Found { value: credentials, source } = self.credentials().await?;
        let settings = &self.inner.settings;
        let region = settings.region_or(None);
        Ok(Identity {
            access_key: Found::new(credentials.access_key().to_owned(), source),
            is_temporary: credentials.security_token().is_some(),
            expires_at: Credentials::expires_at(&credentials),
            region: settings.region.clone(),
            project_id: settings.project_id.clone(),
            domain_id: settings.domain_id.clone(),
            endpoint: settings.endpoint(Service::FunctionGraph, region)?,
        })
    }
}
