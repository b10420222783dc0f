//! What a function on the platform should be, as its manifest says: the input of `deploy` and
//! `export`.

use std::collections::BTreeMap;

use fg_client::Secret;
use serde_json::{Map, Value};

/// A function as it should be. A setting that is `None` is the platform's, and stays as it is
/// there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Desired {
    /// 2 to 60 letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// The app, which the API calls `package`; `default` if the manifest has none.
    pub(crate) app: String,
    pub(crate) runtime: Runtime,
    /// `bootstrap` as a rule; `-` for an image.
    pub(crate) handler: String,
    /// In MB.
    pub(crate) memory: Option<u32>,
    /// In seconds.
    pub(crate) timeout: Option<u32>,
    pub(crate) description: Option<String>,
    /// User variables, which are readable on the console. `Debug` must not print their values.
    pub(crate) variables: Variables,
    /// Variables that the platform encrypts; it never tells their values.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// The variables of the shell that the secrets are from, by the names of the secrets.
    pub(crate) references: BTreeMap<String, String>,
    /// The agency whose credentials the function gets: the API's `app_xrole`.
    pub(crate) agency: Option<String>,
    /// The agency for VPC, images and file systems: the API's `xrole`.
    pub(crate) configuration_agency: Option<String>,
    pub(crate) vpc: Option<Vpc>,
    /// In MB: 512 or 10240.
    pub(crate) ephemeral_storage: Option<u32>,
    /// Requests at a time on one instance, 1 to 1000; above 1 only for HTTP functions and images.
    pub(crate) concurrency: Option<u32>,
    /// The most instances: -1 without a limit, 0 switched off, up to 1000.
    pub(crate) max_instances: Option<i32>,
    pub(crate) log: Option<Log>,
    pub(crate) asynchronous: Option<Asynchronous>,
    pub(crate) triggers: Vec<Trigger>,
}

/// What tells a function from others of a project on the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) app: String,
}

/// The runtime, which cannot be changed later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// `Custom`: the program asks the Runtime API for events.
    Custom,
    /// `http`: the program is an HTTP server on port 8000.
    Http,
    /// `Custom Image`, with the image's address in SWR.
    Image(String),
}

/// Variables by name. `Debug` prints only the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Variables(pub(crate) BTreeMap<String, String>);

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The network of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    pub(crate) subnet_id: String,
    pub(crate) security_groups: Vec<String>,
}

/// Where the log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Log {
    /// Whether it goes to LTS.
    pub(crate) lts: Option<bool>,
    pub(crate) group_id: Option<String>,
    pub(crate) stream_id: Option<String>,
    /// Labels of the log.
    pub(crate) labels: BTreeMap<String, String>,
}

/// How asynchronous invocations are handled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asynchronous {
    /// In seconds: 60 to 86,400.
    pub(crate) max_age: Option<u32>,
    /// 0 to 3.
    pub(crate) max_retries: Option<u32>,
    pub(crate) on_success: Option<Destination>,
    pub(crate) on_failure: Option<Destination>,
}

/// Where the outcome of an asynchronous invocation is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// `OBS`, `SMN`, `DIS` or `FunctionGraph`.
    pub(crate) kind: String,
    /// The settings of the kind, as the API has them: JSON in a string.
    pub(crate) param: String,
}

/// A trigger.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Trigger {
    /// `TIMER`, `DEDICATEDGATEWAY`, `OBS` and so on.
    pub(crate) type_code: String,
    /// The name, if triggers of this type have one.
    pub(crate) name: Option<String>,
    /// Whether it is switched on; `None` for what the platform does with a new one.
    pub(crate) enabled: Option<bool>,
    /// The `event_data` of the API, without passwords.
    pub(crate) settings: Map<String, Value>,
    /// The keys of `event_data` that are passwords.
    pub(crate) passwords: BTreeMap<String, Secret>,
    /// The variables of the shell that the passwords are from, by the keys of the passwords.
    pub(crate) references: BTreeMap<String, String>,
}

impl std::fmt::Debug for Trigger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trigger")
            .field("type_code", &self.type_code)
            .field("name", &self.name)
            .field("settings", &self.settings.keys())
            .finish_non_exhaustive()
    }
}
