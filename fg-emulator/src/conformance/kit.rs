//! Driving a program through scenarios.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::report::{Mismatch, Report, ScenarioResult};
use super::scenario::{Expect, Invoke, Scenario, Step};
use crate::execution::platform_error::PlatformError;
use crate::instances::instance;
use crate::process::output::Output;
use crate::process::{Group, Process};
use crate::runtime_api::answer::{Answer, AnswerKind, InvocationState};
use crate::runtime_api::event::Event;
use crate::runtime_api::fault::Fault;
use crate::runtime_api::handle::RuntimeApi;
use crate::runtime_api::state::State;
use crate::settings::{Program, Settings};

/// How long a program may take to end after SIGTERM.
const STOP_GRACE: Duration = Duration::from_secs(2);

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
    /// Tests this program. It starts anew for each scenario, with the platform's environment.
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

    /// The event where a scenario does not need another one: something that the program answers
    /// with a response. By default `{"name":"Ada"}`.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.event = event.into();
        self
    }

    /// How long the program may take to poll and to answer, 10 s by default. `RUNTIME_TIMEOUT` says
    /// the same.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The program answers with the bytes of the event, and where a scenario asks for it they are
    /// compared.
    pub fn compares_echo(mut self) -> Self {
        self.compares_echo = true;
        self
    }

    /// Runs these scenarios, one after the other.
    #[must_use]
    pub fn run(&self, scenarios: &[Scenario]) -> Report {
        self.run_and_tell(scenarios, |_| {})
    }

    /// Runs these scenarios, and tells each result as it comes.
    #[must_use]
    pub fn run_and_tell(
        &self,
        scenarios: &[Scenario],
        mut tell: impl FnMut(&ScenarioResult),
    ) -> Report {
        let words = std::iter::once(self.program.as_os_str())
            .chain(self.arguments.iter().map(OsString::as_os_str));
        let program = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let results = scenarios.iter().map(|scenario| {
            let result = self.run_one(scenario);
            tell(&result);
            result
        });
        Report { program, results: results.collect() }
    }

    fn run_one(&self, scenario: &Scenario) -> ScenarioResult {
        let begun = Instant::now();
        let output = Arc::new(Output::new(None));
        let mut refused = Vec::new();
        let mismatch = match RuntimeApi::start() {
            Ok(api) => {
                let mut run = Run {
                    kit: self,
                    api,
                    output: Arc::clone(&output),
                    process: None,
                    number: 0,
                    faults_on_post: 0,
                };
                let result = run.take_steps(&scenario.steps);
                run.end();
                refused = run.api.shared().read(State::refusals);
                result.err()
            }
            Err(error) => {
                Some(Mismatch::new("the kit has a port for its Runtime API", error.to_string()))
            }
        };
        let is_passed = mismatch.is_none();
        let output = if is_passed { Vec::new() } else { output.last() };
        if output.iter().any(|line| line.contains("AWS_LAMBDA_RUNTIME_API")) {
            refused.push(
                "the program asks for AWS_LAMBDA_RUNTIME_API, as a runtime for AWS Lambda does; FunctionGraph's has RUNTIME_API_ADDR".into(),
            );
        }
        ScenarioResult {
            name: scenario.name.clone(),
            says: scenario.says.clone(),
            class: scenario.class,
            source: scenario.source.clone(),
            time: begun.elapsed(),
            refused: if is_passed { Vec::new() } else { refused },
            output,
            mismatch,
        }
    }

    fn settings(&self) -> Settings {
        let program =
            Program::Started { path: self.program.clone(), arguments: self.arguments.clone() };
        let mut settings = Settings::new(program);
        settings.timeout = self.deadline;
        settings.group = Group::Callers;
        settings
    }
}

/// One scenario under way.
struct Run<'a> {
    kit: &'a Kit,
    api: RuntimeApi,
    output: Arc<Output>,
    process: Option<Process>,
    /// Of the event handed out last.
    number: usize,
    faults_on_post: usize,
}

impl Run<'_> {
    fn take_steps(&mut self, steps: &[Step]) -> Result<(), Mismatch> {
        for step in steps {
            if !matches!(step, Step::Fault(_)) {
                self.start_if_needed()?;
            }
            match step {
                Step::Fault(fault) => {
                    let fault = fault.to_fault();
                    self.faults_on_post += usize::from(matches!(fault, Fault::OnPost(_)));
                    self.api.script(fault);
                }
                Step::Invoke(invoke) => self.invoke(invoke)?,
                Step::PauseMs(time) => thread::sleep(Duration::from_millis(*time)),
                Step::Restart(restart) => {
                    self.api.stop();
                    thread::sleep(Duration::from_millis(restart.down_ms));
                    let restarted = self.api.restart();
                    restarted.map_err(|error| {
                        Mismatch::new("the kit can open its port again", error.to_string())
                    })?;
                }
            }
        }
        self.start_if_needed()?;
        self.wait_for_faults()?;
        self.invoke(&Invoke::default()).map_err(Mismatch::at_the_end)
    }

    fn start_if_needed(&mut self) -> Result<(), Mismatch> {
        if self.process.is_some() {
            return Ok(());
        }
        let settings = self.kit.settings();
        let shared = Arc::clone(self.api.shared());
        let ended = move |_| shared.update(State::mark_function_ended);
        let command = instance::command(&settings, &self.api.address());
        let started = Process::start(
            command,
            settings.group,
            self.api.address(),
            Arc::clone(&self.output),
            ended,
        );
        self.process = Some(started.map_err(|error| {
            let error = PlatformError::not_started(&self.kit.program, &error);
            Mismatch::new("the program starts", error.to_string())
        })?);
        Ok(())
    }

    fn invoke(&mut self, invoke: &Invoke) -> Result<(), Mismatch> {
        self.number += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.number);
        let body = match (&invoke.event, invoke.pad_to) {
            (Some(event), _) => event.clone(),
            (None, Some(size)) => padded(size),
            (None, None) => self.kit.event.clone(),
        };
        let mut event = Event::new(body.as_str()).request_id(&id);
        if invoke.r#async {
            event = event.asynchronous();
        }
        event = invoke.headers.iter().fold(event, |event, (name, value)| event.header(name, value));
        let pending = self.api.invoke(event);
        match invoke.expect {
            Expect::Nothing => Ok(()),
            Expect::Post => self.wait_for(
                || format!("event {} is answered with a POST, whatever becomes of it", self.number),
                |state| state.posts().iter().any(|post| post.request_id == id).then_some(()),
                || "there was no such POST".to_owned(),
            ),
            Expect::Response | Expect::Answer => {
                let wanted = if invoke.expect == Expect::Response {
                    "a response"
                } else {
                    "a response or an error"
                };
                let expected = || {
                    format!(
                        "event {} is answered with {wanted} within {:?}",
                        self.number, self.kit.deadline
                    )
                };
                let answer = self.wait_for(
                    expected,
                    |state| state.outcome(pending.number()).ok(),
                    || {
                        let has_met_it = self.faults_on_post > 0 && self.api.faults_left().is_empty();
                        if has_met_it
                            && pending.wait(Duration::ZERO).is_err_and(|no_answer| no_answer.state != InvocationState::NeverPolled)
                        {
                            return "its answer met the fault of this scenario, and was not sent again".to_owned();
                        }
                        pending.wait(Duration::ZERO).err().map_or_else(String::new, |no_answer| no_answer.to_string())
                    },
                )?;
                self.compare(invoke, &body, &answer)
                    .map_err(|happened| Mismatch::new(expected(), happened))
            }
        }
    }

    fn compare(&self, invoke: &Invoke, body: &str, answer: &Answer) -> Result<(), String> {
        if answer.kind == AnswerKind::Error && invoke.expect == Expect::Response {
            return Err(format!("it was answered with an error: {}", excerpt(&answer.text())));
        }
        if self.kit.compares_echo && invoke.echo && answer.body != body.as_bytes() {
            return Err(format!(
                "the answer is not the event's {} bytes, but {}: {}",
                body.len(),
                answer.body.len(),
                excerpt(&answer.text())
            ));
        }
        Ok(())
    }

    fn wait_for_faults(&self) -> Result<(), Mismatch> {
        self.wait_for(
            || "every fault meets a request".to_owned(),
            |state| (state.counts().faults_left == 0).then_some(()),
            || format!("no request came for {:?}", self.api.faults_left()),
        )
    }

    /// Waits until the state shows it, the program ends, or the deadline is there.
    fn wait_for<T>(
        &self,
        expected: impl Fn() -> String,
        reached: impl Fn(&State) -> Option<T>,
        otherwise: impl Fn() -> String,
    ) -> Result<T, Mismatch> {
        let result = self.api.shared().wait(self.kit.deadline, |state| match reached(state) {
            Some(value) => Some(Some(value)),
            None => (state.function_ended() || state.speaks_foreign()).then_some(None),
        });
        match (result, self.process.as_ref().and_then(Process::exit)) {
            (Some(Some(value)), _) => Ok(value),
            (_, Some(exit)) => Err(Mismatch::new(expected(), format!("the program {exit}"))),
            (_, None) => {
                let refused = self.api.shared().read(State::refusals).pop();
                let silent = (self.api.connections() == 0)
                    .then(|| "the program has not connected to RUNTIME_API_ADDR".to_owned());
                Err(Mismatch::new(expected(), refused.or(silent).unwrap_or_else(otherwise)))
            }
        }
    }

    fn end(&self) {
        if let Some(process) = &self.process {
            process.ask_to_end();
            if self
                .api
                .shared()
                .wait(STOP_GRACE, |state| state.function_ended().then_some(()))
                .is_none()
            {
                process.kill();
            }
        }
        self.api.stop();
    }
}

/// A JSON object of so many bytes.
fn padded(size: usize) -> String {
    let (before, after) = (r#"{"name":""#, r#""}"#);
    format!("{before}{}{after}", "x".repeat(size.saturating_sub(before.len() + after.len())))
}

fn excerpt(text: &str) -> String {
    const LONG: usize = 200;
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
