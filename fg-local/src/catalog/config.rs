//! Which configurations of a version the platform accepts (API reference `06_0108`, `06_0111`).

use serde_json::Value;

use super::user_data::check_user_data;
use super::version::{Config, Strategy};
use crate::error::ApiError;

/// The runtimes of the API. `Custom` and `http` are the ones that run on this server.
pub(crate) const RUNTIMES: [&str; 28] = [
    "Custom",
    "http",
    "Custom Image",
    "Go1.x",
    "Go1.8",
    "Java8",
    "Java11",
    "Java17",
    "Java21",
    "Node.js6.10",
    "Node.js8.10",
    "Node.js10.16",
    "Node.js12.13",
    "Node.js14.18",
    "Node.js16.17",
    "Node.js18.15",
    "Node.js20.15",
    "Python2.7",
    "Python3.6",
    "Python3.9",
    "Python3.10",
    "Python3.12",
    "PHP7.3",
    "PHP8.3",
    "C#(.NET Core 2.1)",
    "C#(.NET Core 3.1)",
    "C#(.NET Core 6.0)",
    "Cangjie1.0",
];

/// In MB. The texts of the API end at 4096; the invoke API and the console have the last two.
const MEMORY_SIZES: [u32; 15] =
    [128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 8192, 10240];

const MAX_HANDLER: usize = 128;
const MAX_DESCRIPTION: usize = 512;
const MAX_AGENCY: usize = 64;

impl Config {
    /// Whether the platform would accept it.
    ///
    /// # Errors
    ///
    /// The platform's code for the first field that is wrong.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        if !RUNTIMES.contains(&self.runtime.as_str()) {
            return Err(ApiError::bad_request(
                "FSS.1005",
                format!("Invalid runtime: it must be one of {}", RUNTIMES.join(", ")),
            ));
        }
        self.check_handler()?;
        self.check_sizes()?;
        check_user_data("user_data", &self.user_data)?;
        check_user_data("encrypted_user_data", &self.encrypted_user_data)?;
        if self.description.chars().count() > MAX_DESCRIPTION {
            return Err(description_too_long());
        }
        for (field, agency) in [("xrole", &self.xrole), ("app_xrole", &self.app_xrole)] {
            if agency.len() > MAX_AGENCY || agency.contains(char::is_control) {
                return Err(ApiError::bad_request(
                    "FSS.0400",
                    format!(
                        "Invalid parameter: {field} must be the name of an agency, of at most \
                         {MAX_AGENCY} letters"
                    ),
                ));
            }
        }
        self.check_hooks()?;
        self.check_strategy()
    }

    fn check_handler(&self) -> Result<(), ApiError> {
        let handler = self.handler.as_str();
        // The API asks for 3 letters and a period; its samples have `bootstrap`, `-` and bare
        // names.
        let is_free = matches!(&*self.runtime, "Custom" | "http" | "Custom Image")
            || self.runtime.starts_with("Go")
            || self.runtime.starts_with("C#");
        let is_allowed = handler.bytes().all(|byte| byte.is_ascii_graphic());
        let is_long_enough = if is_free { !handler.is_empty() } else { handler.len() >= 3 };
        if !is_allowed || !is_long_enough || handler.len() > MAX_HANDLER {
            return Err(ApiError::bad_request(
                "FSS.1003",
                format!(
                    "Invalid function handler: handler must have 3 to {MAX_HANDLER} visible ASCII \
                     letters; send `bootstrap` for the runtimes Custom and http, and `-` for images"
                ),
            ));
        }
        if !is_free && !handler.contains('.') {
            return Err(ApiError::bad_request(
                "FSS.1003",
                format!(
                    "Invalid function handler: for the runtime {} it has the form `file.function`",
                    self.runtime
                ),
            ));
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), ApiError> {
        if !(3..=259_200).contains(&self.timeout) {
            return Err(ApiError::bad_request(
                "FSS.1008",
                "Invalid function timeout: timeout must be 3 to 259200 seconds",
            ));
        }
        if !MEMORY_SIZES.contains(&self.memory_size) {
            let sizes = MEMORY_SIZES.map(|size| size.to_string()).join(", ");
            return Err(ApiError::bad_request(
                "FSS.1007",
                format!("Invalid function memory: memory_size must be one of {sizes} (MB)"),
            ));
        }
        if self.ephemeral_storage.is_some_and(|size| ![512, 10240].contains(&size)) {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: ephemeral_storage must be 512 or 10240 (MB)",
            ));
        }
        let gpu_memory = self.other.get("gpu_memory").and_then(Value::as_i64).unwrap_or(0);
        if gpu_memory == 0 {
            return Ok(());
        }
        if !(1024..=16384).contains(&gpu_memory) || gpu_memory % 1024 != 0 {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: gpu_memory must be 1024 to 16384 (MB), in steps of 1024",
            ));
        }
        if !matches!(&*self.runtime, "Custom" | "Custom Image") {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: gpu_memory is for the runtimes Custom and Custom Image",
            ));
        }
        Ok(())
    }

    fn check_hooks(&self) -> Result<(), ApiError> {
        if self.initializer_handler.len() > MAX_HANDLER {
            return Err(ApiError::bad_request(
                "FSS.1404",
                format!(
                    "Invalid function initializer: initializer_handler may have {MAX_HANDLER} \
                     letters"
                ),
            ));
        }
        if self.initializer_timeout > 300 {
            return Err(ApiError::bad_request(
                "FSS.1405",
                "Invalid initialization timeout: initializer_timeout must be 1 to 300 seconds",
            ));
        }
        if self.pre_stop_handler.len() > MAX_HANDLER || self.pre_stop_timeout > 90 {
            return Err(ApiError::bad_request(
                "FSS.0400",
                format!(
                    "Invalid parameter: pre_stop_handler may have {MAX_HANDLER} letters, and \
                     pre_stop_timeout must be 1 to 90 seconds"
                ),
            ));
        }
        Ok(())
    }

    fn check_strategy(&self) -> Result<(), ApiError> {
        let Strategy { concurrency, concurrent_num } = self.strategy;
        check_concurrency(concurrency.into())?;
        if !(1..=1000).contains(&concurrent_num) {
            return Err(ApiError::bad_request(
                "FSS.1026",
                "Invalid Concurrency: concurrent_num must be 1 to 1000",
            ));
        }
        if concurrent_num > 1 && !matches!(&*self.runtime, "http" | "Custom Image") {
            return Err(ApiError::bad_request(
                "FSS.1026",
                "Invalid Concurrency: concurrent_num above 1 is for the runtimes http and Custom \
                 Image",
            ));
        }
        Ok(())
    }
}

/// The largest number of instances.
pub(crate) fn check_concurrency(concurrency: i64) -> Result<(), ApiError> {
    if (-1..=1000).contains(&concurrency) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "FSS.1026",
        "Invalid Concurrency: the number of instances must be -1 (no limit), 0 (disabled), or up \
         to 1000",
    ))
}

pub(crate) fn description_too_long() -> ApiError {
    ApiError::bad_request(
        "FSS.1019",
        format!(
            "The description exceeds the maximum allowed limit of {MAX_DESCRIPTION} characters"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            runtime: "Custom".into(),
            handler: "bootstrap".into(),
            timeout: 3,
            memory_size: 128,
            ..Config::default()
        }
    }

    fn code_after(change: impl FnOnce(&mut Config)) -> &'static str {
        let mut config = config();
        change(&mut config);
        config.check().err().map_or("accepted", |error| error.code)
    }

    #[test]
    fn a_plain_configuration_is_accepted() {
        assert_eq!(code_after(|_| ()), "accepted");
    }

    #[test]
    fn each_field_has_its_own_code() {
        assert_eq!(code_after(|config| config.runtime = "custom".into()), "FSS.1005");
        assert_eq!(code_after(|config| config.handler = String::new()), "FSS.1003");
        assert_eq!(code_after(|config| config.handler = "a\nb".into()), "FSS.1003");
        assert_eq!(code_after(|config| config.handler = "x".repeat(129)), "FSS.1003");
        assert_eq!(code_after(|config| config.timeout = 2), "FSS.1008");
        assert_eq!(code_after(|config| config.timeout = 259_201), "FSS.1008");
        assert_eq!(code_after(|config| config.memory_size = 129), "FSS.1007");
        assert_eq!(code_after(|config| config.user_data = "x".into()), "FSS.1009");
        assert_eq!(code_after(|config| config.description = "ä".repeat(513)), "FSS.1019");
        assert_eq!(code_after(|config| config.description = "ä".repeat(512)), "accepted");
        assert_eq!(code_after(|config| config.initializer_timeout = 301), "FSS.1405");
        assert_eq!(code_after(|config| config.pre_stop_timeout = 91), "FSS.0400");
        assert_eq!(code_after(|config| config.strategy.concurrency = 1001), "FSS.1026");
        assert_eq!(code_after(|config| config.strategy.concurrent_num = 2), "FSS.1026");
    }

    #[test]
    fn only_runtimes_of_a_language_need_a_period_in_the_handler() {
        let code = |runtime: &str, handler: &str| {
            code_after(|config| (config.runtime, config.handler) = (runtime.into(), handler.into()))
        };
        assert_eq!(code("Python3.9", "index"), "FSS.1003");
        assert_eq!(code("Python3.9", "index.handler"), "accepted");
        assert_eq!(code("Go1.x", "handler"), "accepted");
        assert_eq!(code("C#(.NET Core 3.1)", "Assembly::Program::MyFunc"), "accepted");
        assert_eq!(code("Custom Image", "-"), "accepted");
    }
}
