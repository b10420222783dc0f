//! One scenario while a program is tested with it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::report::Mismatch;
use super::scenario::{Expect, Invoke, Step};
use crate::execution::platform_error::PlatformError;
use crate::instances::command::command;
use crate::instances::environment::{API_ADDRESS, event_interface};
use crate::process::Process;
use crate::process::output::Output;
use crate::runtime_api::answer::{Answer, AnswerKind, InvocationState};
use crate::runtime_api::event::Event;
use crate::runtime_api::fault::Fault;
use crate::runtime_api::handle::RuntimeApi;
use crate::runtime_api::pending::Pending;
use crate::runtime_api::state::State;
use crate::settings::Settings;

/// How long a program may take to end after SIGTERM.
const STOP_GRACE: Duration = Duration::from_secs(2);

pub(super) struct ScenarioRun<'a> {
    api: RuntimeApi,
    output: Arc<Output>,
    settings: Settings,
    /// The event if a step has none of its own.
    event: &'a str,
    compares_echo: bool,
    process: Option<Process>,
    /// The number of the event that was handed out last.
    number: usize,
    faults_on_post: usize,
}

impl<'a> ScenarioRun<'a> {
    pub(super) fn new(
        api: RuntimeApi,
        output: Arc<Output>,
        settings: Settings,
        event: &'a str,
    ) -> Self {
        Self {
            api,
            output,
            settings,
            event,
            compares_echo: false,
            process: None,
            number: 0,
            faults_on_post: 0,
        }
    }

    pub(super) fn compares_echo(self, compares_echo: bool) -> Self {
        Self { compares_echo, ..self }
    }

    pub(super) fn take_steps(&mut self, steps: &[Step]) -> Result<(), Mismatch> {
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
        let shared = Arc::clone(self.api.shared());
        let mark = format!("{API_ADDRESS}={}", self.api.address());
        let ended = move |_| shared.update(State::mark_function_ended);
        let started = Process::start(
            command(&self.settings, &event_interface(&self.api.address())).command,
            self.settings.group,
            mark,
            Arc::clone(&self.output),
            ended,
        );
        self.process = Some(started.map_err(|error| {
            let error = PlatformError::not_started(self.settings.program.path(), &error);
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
            (None, None) => self.event.to_owned(),
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
                || format!("event {} is answered with a POST, accepted or not", self.number),
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
                        self.number, self.settings.timeout
                    )
                };
                let answer = self.wait_for(
                    expected,
                    |state| state.outcome(pending.number()).ok(),
                    || self.why_unanswered(&pending),
                )?;
                self.compare(invoke, &body, &answer)
                    .map_err(|happened| Mismatch::new(expected(), happened))
            }
        }
    }

    fn why_unanswered(&self, pending: &Pending) -> String {
        let Err(no_answer) = pending.wait(Duration::ZERO) else { return String::new() };
        let has_met_fault = self.faults_on_post > 0 && self.api.faults_left().is_empty();
        if has_met_fault && no_answer.state != InvocationState::NeverPolled {
            return "its answer met the fault of this scenario, and was not sent again".to_owned();
        }
        no_answer.to_string()
    }

    fn compare(&self, invoke: &Invoke, body: &str, answer: &Answer) -> Result<(), String> {
        if answer.kind == AnswerKind::Error && invoke.expect == Expect::Response {
            return Err(format!("it was answered with an error: {}", excerpt(&answer.text())));
        }
        if self.compares_echo && invoke.echo && answer.body != body.as_bytes() {
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

    /// Waits until the state shows what is expected. It fails at the deadline, or if the program
    /// ends.
    fn wait_for<T>(
        &self,
        expected: impl Fn() -> String,
        reached: impl Fn(&State) -> Option<T>,
        otherwise: impl Fn() -> String,
    ) -> Result<T, Mismatch> {
        let result = self.api.shared().wait(self.settings.timeout, |state| match reached(state) {
            Some(value) => Some(Some(value)),
            None => (state.function_ended() || state.uses_foreign_protocol()).then_some(None),
        });
        match (result, self.process.as_ref().and_then(Process::exit)) {
            (Some(Some(value)), _) => Ok(value),
            (_, Some(exit)) => Err(Mismatch::new(expected(), format!("the program {exit}"))),
            (_, None) => {
                let refusal = self.api.shared().read(State::refusals).pop();
                let not_connected = (self.api.connections() == 0)
                    .then(|| "the program has not connected to RUNTIME_API_ADDR".to_owned());
                Err(Mismatch::new(expected(), refusal.or(not_connected).unwrap_or_else(otherwise)))
            }
        }
    }

    /// Stops the program and its API, and returns the requests that were refused.
    pub(super) fn end(&self) -> Vec<String> {
        if let Some(process) = &self.process {
            process.request_stop();
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
        self.api.shared().read(State::refusals)
    }
}

/// A JSON object of this size in bytes.
fn padded(size: usize) -> String {
    let (before, after) = (r#"{"name":""#, r#""}"#);
    format!("{before}{}{after}", "x".repeat(size.saturating_sub(before.len() + after.len())))
}

fn excerpt(text: &str) -> String {
    const MAX_CHARACTERS: usize = 200;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
