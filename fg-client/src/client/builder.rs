//! The settings with which a client is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use super::{Client, Inner, Keys};
use crate::credentials::{Credentials, Lookup, look_up};
use crate::environment::Environment;
use crate::error::Error;
use crate::http::{Http, Proxies};
use crate::region::Service;
use crate::retry::Retry;
use crate::secret::Secret;
use crate::settings::{Beside, Given, Settings, SettingsError};

/// Makes a [`Client`].
///
/// What is not set here is looked for on the machine, in this order:
///
/// | | order |
/// | --- | --- |
/// | credentials | see [`credentials`](crate::credentials) |
/// | region | [`region`](Self::region); `HW_REGION_NAME`; `OS_REGION_NAME`; the profile that has the credentials; the region of the one variable `HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_<REGION>`; that of the function's URN |
/// | project id | that of the function's URN; [`project_id`](Self::project_id); `HUAWEICLOUD_SDK_PROJECT_ID`; `HW_PROJECT_ID`; `OS_PROJECT_ID`; `OS_TENANT_ID`; `RUNTIME_PROJECT_ID`, which functions have; the profile; IAM is asked, once |
/// | domain id | [`domain_id`](Self::domain_id); `HUAWEICLOUD_SDK_DOMAIN_ID`; `HW_DOMAIN_ID`; `OS_DOMAIN_ID`; the profile |
/// | endpoints | [`service_endpoint`](Self::service_endpoint); [`endpoint`](Self::endpoint); `FG_ENDPOINT`; `HUAWEICLOUD_SDK_REGION_<SERVICE>_<REGION>`; for IAM `HUAWEICLOUD_SDK_IAM_ENDPOINT`, the profile, `HW_AUTH_URL` and `OS_AUTH_URL`; the usual host of the region |
/// | proxies | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case first; this machine is never asked through a proxy |
/// | roots of HTTPS | the system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; Mozilla's, where the system has none; and [`root_certificate`](Self::root_certificate) |
///
/// A [`profile`](Self::profile) comes before variables; project and domain are not taken from
/// variables then, since they could be of another account.
#[derive(Clone)]
#[must_use = "nothing is made before build"]
pub struct Builder {
    environment: Environment,
    credentials: Option<Credentials>,
    profile: Option<String>,
    given: Given,
    retry: Retry,
    connect_timeout: Duration,
    timeout: Duration,
    invoke_timeout: Duration,
    user_agent: String,
    roots: Vec<Vec<u8>>,
}

impl Builder {
    pub(super) fn new(environment: Environment) -> Self {
        Self {
            environment,
            credentials: None,
            profile: None,
            given: Given::default(),
            retry: Retry::default(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            // Asynchronous ones aside, the platform ends an invocation after 15 minutes.
            invoke_timeout: Duration::from_secs(15 * 60 + 10),
            user_agent: concat!("fg-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            roots: Vec::new(),
        }
    }

    /// Reads variables and files from here instead of from the process.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Signs with these. The token is that of temporary credentials, such as a function has of its
    /// agency; with a permanent key it is empty.
    pub fn credentials(
        self,
        access_key: impl Into<String>,
        secret_key: impl Into<Secret>,
        security_token: impl Into<Secret>,
    ) -> Self {
        let credentials = Credentials::new(access_key, secret_key);
        self.with_credentials(credentials.with_security_token(security_token))
    }

    /// Signs with these.
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Takes credentials from this section of `~/.huaweicloud/credentials`, or this profile of
    /// KooCLI, and from nowhere else.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// The region, such as `cn-north-4`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.given.region = Some(region.into());
        self
    }

    /// The id of the project.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.given.project_id = Some(project_id.into());
        self
    }

    /// The id of the account, which only [`Client::identity`] tells.
    pub fn domain_id(mut self, domain_id: impl Into<String>) -> Self {
        self.given.domain_id = Some(domain_id.into());
        self
    }

    /// Where FunctionGraph, IAM and LTS are, such as `http://127.0.0.1:9000` for a local one.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.given.endpoint = Some(url.into());
        self
    }

    /// Where one service is; the bucket of [`Service::Obs`] becomes part of the path then.
    pub fn service_endpoint(mut self, service: Service, url: impl Into<String>) -> Self {
        self.given.service_endpoints.push((service, url.into()));
        self
    }

    /// When a request is sent again. By default 4 attempts within a minute.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How long a connection may take, with its TLS. 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from the connection to the last byte of the answer. One
    /// minute by default; a second more for each 64 KiB of a body that is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same for a synchronous invocation. 15 minutes by default, the longest that the platform
    /// allows.
    pub fn invoke_timeout(mut self, timeout: Duration) -> Self {
        self.invoke_timeout = timeout;
        self
    }

    /// Trusts servers by this certificate, too, in DER: that of a private cloud, or of a company's
    /// proxy.
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(der.into());
        self
    }

    /// The name of the program, in front of this crate's in `User-Agent`: `my-tool/1.0`.
    ///
    /// Characters other than visible ASCII are left out.
    pub fn user_agent(mut self, program: &str) -> Self {
        let program: String = program.chars().filter(|c| matches!(c, ' '..='~')).collect();
        self.user_agent = format!("{program} fg-client/{}", env!("CARGO_PKG_VERSION"));
        self
    }

    /// The client. Reads files, but asks no server.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`]: there are none, or half of them, or they are encrypted.
    /// [`Error::Settings`]: a region, an endpoint or a proxy that cannot be used.
    pub fn build(self) -> Result<Client, Error> {
        let profile = self.profile.as_deref();
        let (credentials, beside) = match look_up(&self.environment, self.credentials, profile)? {
            Lookup::Found(profile) => {
                let beside = Beside {
                    region: profile.region,
                    project_id: profile.project_id,
                    domain_id: profile.domain_id,
                    iam_endpoint: profile.iam_endpoint,
                    is_chosen: self.profile.is_some(),
                };
                (Keys::Fixed(Box::new(profile.credentials)), beside)
            }
            Lookup::AskMetadata(service) => {
                (Keys::Metadata { service, last: Mutex::new(None) }, Beside::default())
            }
        };
        let proxies = Proxies::from_environment(&self.environment).map_err(SettingsError::new)?;
        let settings = Settings::new(self.environment, self.given, beside)?;
        let http = Http::new(self.connect_timeout, proxies, &self.roots)
            .map_err(|error| SettingsError::new(format!("TLS cannot be used: {error}")))?;
        Ok(Client {
            inner: Arc::new(Inner {
                http,
                settings,
                credentials,
                project: OnceCell::new(),
                retry: self.retry,
                timeout: self.timeout,
                invoke_timeout: self.invoke_timeout,
                user_agent: self.user_agent,
            }),
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("credentials", &self.credentials)
            .field("profile", &self.profile)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}
