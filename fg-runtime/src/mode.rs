//! Where this process runs, and so what it does: decided once, from its environment.

use fg_core::Environment;

use crate::system::Input;

/// What the process does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// On the platform's custom runtime: takes events from the Runtime API at this address.
    CustomRuntime(String),
    /// In a shell: one event from standard input, its reply to standard output.
    OneShot,
}

impl Mode {
    /// Decides; `Err` is what to tell the user.
    ///
    /// `FG_MODE` decides if it is set. Else an address of the Runtime API means the custom runtime, and input that somebody hands us means a
    /// shell.
    pub(crate) fn decide(environment: &Environment, wanted: Option<&str>, input: Input) -> Result<Self, String> {
        match (wanted, environment.api_address(), input) {
            (Some("custom-runtime") | None, Some(address), _) => Ok(Self::CustomRuntime(address.to_owned())),
            (Some("custom-runtime"), None, _) => {
                Err("FG_MODE is `custom-runtime`, but RUNTIME_API_ADDR does not say where the Runtime API is".to_owned())
            }
            (Some("one-shot"), _, _) => Ok(Self::OneShot),
            (Some(other), _, _) => Err(format!("FG_MODE is `{other}`; it can be `custom-runtime` or `one-shot`")),
            (None, None, _) if !environment.function_name().is_empty() => Err(
                "this is FunctionGraph, but not its custom runtime: RUNTIME_API_ADDR is not set. Create the function with the runtime `Custom`"
                    .to_owned(),
            ),
            (None, None, Input::Given) => Ok(Self::OneShot),
            (None, None, Input::Terminal | Input::Nothing) => Err(usage()),
        }
    }
}

/// What to type.
fn usage() -> String {
    let program = std::env::args().next().unwrap_or_else(|| "the-program".to_owned());
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
    const PLATFORM: [(&str, &str); 2] = [("RUNTIME_API_ADDR", "127.0.0.1:9"), ("RUNTIME_FUNC_NAME", "greet")];
    const IMAGE: [(&str, &str); 1] = [("RUNTIME_FUNC_NAME", "greet")];
    const TUNED: [(&str, &str); 1] = [("RUNTIME_TIMEOUT", "60")];

    fn decide(variables: &[(&str, &str)], wanted: Option<&str>, input: Input) -> Result<Mode, String> {
        Mode::decide(&Environment::from_variables(variables.iter().copied()), wanted, input)
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

    #[test]
    fn where_nothing_can_be_done_the_text_says_what_to_do() {
        let said = |variables: &[(&str, &str)], wanted, input| decide(variables, wanted, input).expect_err("nothing can be done");
        assert!(said(&NONE, None, Input::Terminal).contains("echo '{\"key\":\"value\"}' | "));
        assert!(said(&NONE, None, Input::Nothing).contains("< event.json"));
        assert!(said(&IMAGE, None, Input::Given).contains("RUNTIME_API_ADDR is not set"));
        assert!(said(&NONE, Some("custom-runtime"), Input::Given).contains("RUNTIME_API_ADDR does not say"));
        assert!(said(&NONE, Some("lambda"), Input::Given).contains("FG_MODE is `lambda`"));
    }
}
