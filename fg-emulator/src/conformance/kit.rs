//! The conformance kit: which program is tested, and how.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::report::{Mismatch, Report, ScenarioResult};
use super::scenario::Scenario;
use super::scenario_run::ScenarioRun;
use crate::process::Group;
use crate::process::output::Output;
use crate::runtime_api::handle::RuntimeApi;
use crate::settings::{Program, Settings};

/// A program under test, and how it is tested.
#[derive(Clone, Debug)]
#[must_use]
pub struct Kit {
    program: PathBuf,
    arguments: Vec<OsString>,
    event: String,
    deadline: Duration,
    compares_echo: bool,
}

impl Kit {
    /// Tests this program. It is started for each scenario, with the platform's environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            event: r#"{"name":"Ada"}"#.into(),
            deadline: Duration::from_secs(10),
            compares_echo: false,
        }
    }

    /// Adds an argument for the program.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// The event if a scenario has none of its own. The program has to answer it with a response.
    /// By default `{"name":"Ada"}`.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.event = event.into();
        self
    }

    /// How long the program may take to poll and to answer; 10 s by default. `RUNTIME_TIMEOUT` has
    /// the same value.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The program answers with the bytes of the event. Scenarios that ask for it compare them.
    pub fn compares_echo(mut self) -> Self {
        self.compares_echo = true;
        self
    }

    /// Runs these scenarios, one after the other.
    #[must_use]
    pub fn run(&self, scenarios: &[Scenario]) -> Report {
        self.run_with_progress(scenarios, |_| {})
    }

    /// Runs these scenarios, and calls `on_result` after each.
    #[must_use]
    pub fn run_with_progress(
        &self,
        scenarios: &[Scenario],
        mut on_result: impl FnMut(&ScenarioResult),
    ) -> Report {
        let words = std::iter::once(self.program.as_os_str())
            .chain(self.arguments.iter().map(OsString::as_os_str));
        let program = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let results = scenarios.iter().map(|scenario| {
            let result = self.run_one(scenario);
            on_result(&result);
            result
        });
        Report { program, results: results.collect() }
    }

    fn run_one(&self, scenario: &Scenario) -> ScenarioResult {
        let started = Instant::now();
        let output = Arc::new(Output::new(None));
        let mut refusals = Vec::new();
        let mismatch = match RuntimeApi::start() {
            Ok(api) => {
                let settings = self.settings();
                let mut run = ScenarioRun::new(api, Arc::clone(&output), settings, &self.event)
                    .compares_echo(self.compares_echo);
                let result = run.take_steps(&scenario.steps);
                refusals = run.end();
                result.err()
            }
            Err(error) => {
                Some(Mismatch::new("the kit has a port for its Runtime API", error.to_string()))
            }
        };
        let is_passed = mismatch.is_none();
        let output = if is_passed { Vec::new() } else { output.last() };
        if output.iter().any(|line| line.contains("AWS_LAMBDA_RUNTIME_API")) {
            refusals.push(
                "the program asks for AWS_LAMBDA_RUNTIME_API, as a runtime for AWS Lambda does; FunctionGraph sets RUNTIME_API_ADDR".into(),
            );
        }
        ScenarioResult {
            name: scenario.name.clone(),
            says: scenario.says.clone(),
            class: scenario.class,
            source: scenario.source.clone(),
            time: started.elapsed(),
            refused: if is_passed { Vec::new() } else { refusals },
            output,
            mismatch,
        }
    }

    fn settings(&self) -> Settings {
        let program =
            Program::Started { path: self.program.clone(), arguments: self.arguments.clone() };
        let mut settings = Settings::new(program);
        settings.timeout = self.deadline;
        settings.group = Group::Inherited;
        settings
    }
}
