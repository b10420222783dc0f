//! The mode of the process, decided once from its environment.

use fg_core::Environment;

use crate::system::Input;

/// The mode of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// On the platform's custom runtime: polls the Runtime API at this address.
    CustomRuntime(String),
    /// In a container image, as an HTTP function, or on another engine: serves HTTP.
    #[cfg(feature = "server")]
    Server,
    /// In a shell: reads one event from standard input and writes its response to standard output.
    OneShot,
}

/// The stream for log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogStream {
    /// Standard output, which the platform collects.
    Stdout,
    /// Standard error, in a shell, since standard output is for the response.
    Stderr,
}

/// The conditions that decide the mode, besides the platform's variables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaunchConditions<'a> {
    /// `FG_MODE`.
    pub(crate) wanted: Option<&'a str>,
    /// Whether `FG_PORT` or `PORT` is set.
    pub(crate) has_port: bool,
    pub(crate) input: Input,
    /// Whether the function is an HTTP service, which is also served at a terminal.
    pub(crate) is_service: bool,
}

impl Mode {
    /// The stream for log lines.
    pub(crate) fn log_stream(&self) -> LogStream {
        // In a shell standard output is for the response.
        if *self == Self::OneShot { LogStream::Stderr } else { LogStream::Stdout }
    }

    /// Decides the mode. `Err` is a message for the user.
    ///
    /// `FG_MODE` decides if it is set. Otherwise an address of the Runtime API means the custom
    /// runtime. A port, the platform without a Runtime API, or no input mean the server. Input from
    /// a pipe or a file means a shell.
    pub(crate) fn decide(
        environment: &Environment,
        conditions: LaunchConditions<'_>,
    ) -> Result<Self, String> {
        let LaunchConditions { wanted, has_port, input, is_service } = conditions;
        let is_deployed = has_port || !environment.function_name().is_empty();
        match (wanted, environment.api_address(), input) {
            (Some("custom-runtime") | None, Some(address), _) => {
                Ok(Self::CustomRuntime(address.to_owned()))
            }
            (Some("custom-runtime"), None, _) => {
                Err("FG_MODE is `custom-runtime`, but RUNTIME_API_ADDR is not set".to_owned())
            }
            (Some("one-shot"), _, _) => Ok(Self::OneShot),
            (Some("server"), _, _) => Self::server("FG_MODE is `server`"),
            (Some(other), _, _) => Err(format!(
                "FG_MODE is `{other}`; it can be `custom-runtime`, `server` or `one-shot`"
            )),
            (None, None, _) if is_deployed && (has_server() || !has_port) => Self::server(
                "this is FunctionGraph, but not its custom runtime: RUNTIME_API_ADDR is not set",
            ),
            (None, None, Input::Given) => Ok(Self::OneShot),
            (None, None, Input::Nothing) if has_server() => Self::server(""),
            (None, None, Input::Terminal) if is_service => Self::server(""),
            (None, None, Input::Terminal | Input::Nothing) => Err(usage()),
        }
    }

    /// The server, or the error if the feature is missing.
    #[cfg_attr(
        feature = "server",
        allow(clippy::unnecessary_wraps, reason = "without the feature there is no server")
    )]
    fn server(why: &str) -> Result<Self, String> {
        #[cfg(feature = "server")]
        {
            let _ = why;
            Ok(Self::Server)
        }
        #[cfg(not(feature = "server"))]
        Err(format!(
            "{why}. In a container image or an HTTP function the program serves HTTP: build it with the feature `server` of `functiongraph`. In a zip file, create the function with the runtime `Custom`"
        ))
    }
}

/// The stream for log lines that are written before the function runs.
#[cfg(feature = "tracing")]
pub(crate) fn log_stream(environment: &Environment) -> LogStream {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let has_port = variable("FG_PORT").or_else(|| variable("PORT")).is_some();
    let wanted = variable("FG_MODE");
    let conditions = LaunchConditions {
        wanted: wanted.as_deref(),
        has_port,
        input: crate::system::input(),
        is_service: false,
    };
    Mode::decide(environment, conditions).map_or(LogStream::Stderr, |mode| mode.log_stream())
}

const fn has_server() -> bool {
    cfg!(feature = "server")
}

/// The usage message.
fn usage() -> String {
    let program = std::env::args_os().next().unwrap_or_else(|| "the-program".into());
    let program = program.to_string_lossy();
    format!(
        "This is a FunctionGraph function. To run it here, hand it an event:\n\n    \
         echo '{{\"key\":\"value\"}}' | {program}\n    \
         {program} < event.json\n\n\
         On FunctionGraph, put it into a zip file as `bootstrap` and create a function with the runtime `Custom`."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [(&str, &str); 0] = [];
    const PLATFORM: [(&str, &str); 2] =
        [("RUNTIME_API_ADDR", "127.0.0.1:9"), ("RUNTIME_FUNC_NAME", "greet")];
    const IMAGE: [(&str, &str); 1] = [("RUNTIME_FUNC_NAME", "greet")];
    const TUNED: [(&str, &str); 1] = [("RUNTIME_TIMEOUT", "60")];

    fn decide(
        variables: &[(&str, &str)],
        wanted: Option<&str>,
        input: Input,
    ) -> Result<Mode, String> {
        let conditions = LaunchConditions { wanted, has_port: false, input, is_service: false };
        Mode::decide(&Environment::from_variables(variables.iter().copied()), conditions)
    }

    #[test]
    fn the_environment_decides() {
        let custom = Ok(Mode::CustomRuntime("127.0.0.1:9".to_owned()));
        assert_eq!(decide(&PLATFORM, None, Input::Nothing), custom);
        assert_eq!(decide(&PLATFORM, None, Input::Given), custom);
        assert_eq!(decide(&NONE, None, Input::Given), Ok(Mode::OneShot));
        assert_eq!(decide(&TUNED, None, Input::Given), Ok(Mode::OneShot));
        assert_eq!(decide(&PLATFORM, Some("one-shot"), Input::Nothing), Ok(Mode::OneShot));
    }

    #[cfg(feature = "server")]
    #[test]
    fn without_a_runtime_api_a_program_with_a_server_serves() {
        assert_eq!(decide(&IMAGE, None, Input::Given), Ok(Mode::Server));
        assert_eq!(decide(&NONE, None, Input::Nothing), Ok(Mode::Server));
        assert_eq!(decide(&PLATFORM, Some("server"), Input::Nothing), Ok(Mode::Server));
        let at_terminal = LaunchConditions {
            wanted: None,
            has_port: false,
            input: Input::Terminal,
            is_service: true,
        };
        assert_eq!(Mode::decide(&Environment::default(), at_terminal), Ok(Mode::Server));
        let with_port = LaunchConditions {
            has_port: true,
            input: Input::Given,
            is_service: false,
            ..at_terminal
        };
        assert_eq!(Mode::decide(&Environment::default(), with_port), Ok(Mode::Server));
    }

    #[cfg(not(feature = "server"))]
    #[test]
    fn a_program_without_a_server_says_which_feature_it_needs() {
        let message = |variables: &[(&str, &str)], wanted| {
            decide(variables, wanted, Input::Nothing).expect_err("there is no mode")
        };
        for text in [message(&IMAGE, None), message(&NONE, Some("server"))] {
            assert!(text.contains("the feature `server`"), "{text}");
        }
        assert!(message(&NONE, None).contains("< event.json"));
        let with_port = LaunchConditions {
            wanted: None,
            has_port: true,
            input: Input::Given,
            is_service: false,
        };
        assert_eq!(
            Mode::decide(&Environment::default(), with_port),
            Ok(Mode::OneShot),
            "PORT may belong to another program"
        );
    }

    #[test]
    fn without_a_mode_the_message_is_the_usage() {
        let message = |wanted, input| decide(&NONE, wanted, input).expect_err("there is no mode");
        assert!(message(None, Input::Terminal).contains("echo '{\"key\":\"value\"}' | "));
        assert!(
            message(Some("custom-runtime"), Input::Given).contains("RUNTIME_API_ADDR is not set")
        );
        assert!(message(Some("lambda"), Input::Given).contains("FG_MODE is `lambda`"));
    }
}
