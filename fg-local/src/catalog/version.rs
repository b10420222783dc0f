//! A version of a function: its configuration and its code, at one moment.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of the version that is edited; all others are published, and stay as they are.
pub(crate) const LATEST: &str = "latest";

/// `latest`, or a published version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) config: Config,
    pub(crate) code: Code,
    pub(crate) last_modified: Timestamp,
}

/// The configuration of a version. What this server acts on or checks has a field of its own; the
/// rest is kept as it came and returned.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    /// `Custom`, `http`, `Custom Image`, `Go1.x` and so on.
    pub(crate) runtime: String,
    pub(crate) handler: String,
    /// In seconds.
    pub(crate) timeout: u32,
    /// In MB.
    pub(crate) memory_size: u32,
    /// A JSON object of strings, as a string; empty if there is none.
    pub(crate) user_data: String,
    /// As `user_data`. The values are never returned.
    pub(crate) encrypted_user_data: String,
    pub(crate) description: String,
    pub(crate) xrole: String,
    pub(crate) app_xrole: String,
    pub(crate) initializer_handler: String,
    /// In seconds; 0 if there is no initializer.
    pub(crate) initializer_timeout: u32,
    pub(crate) pre_stop_handler: String,
    /// In seconds; 0 if there is no such handler.
    pub(crate) pre_stop_timeout: u32,
    pub(crate) strategy: Strategy,
    /// In MB.
    pub(crate) ephemeral_storage: Option<u32>,
    /// `func_vpc`, `mount_config`, `custom_image` and so on.
    pub(crate) other: Map<String, Value>,
}

/// `strategy_config`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Strategy {
    /// The largest number of instances: -1 is no limit, 0 disables the function.
    pub(crate) concurrency: i32,
    /// How many requests an instance handles at a time.
    pub(crate) concurrent_num: u32,
}

impl Default for Strategy {
    fn default() -> Self {
        Self { concurrency: -1, concurrent_num: 1 }
    }
}

/// The code of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Code {
    /// `zip`, `inline`, `jar`, `obs` or `Custom-Image-Swr`.
    pub(crate) code_type: String,
    pub(crate) file_name: String,
    pub(crate) url: String,
    /// The SHA-512 of the package in hexadecimal, which is also its name in the store; empty
    /// without a package.
    pub(crate) digest: String,
    /// The size of the package in bytes.
    pub(crate) size: u64,
    /// The function is built from source here, and its program is given by the process that serves
    /// it.
    pub(crate) is_project: bool,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest may contain secrets.
        let Self { runtime, handler, timeout, memory_size, .. } = self;
        f.debug_struct("Config")
            .field("runtime", runtime)
            .field("handler", handler)
            .field("timeout", timeout)
            .field("memory_size", memory_size)
            .finish_non_exhaustive()
    }
}
