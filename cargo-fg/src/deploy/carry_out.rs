//! Carries out a plan: each step with a line about it, and what to do if one fails.

use std::collections::VecDeque;
use std::time::Duration;

use fg_client::Error;

use crate::cloud::{self, Cloud};
use crate::deploy::code::Code;
use crate::deploy::interruption::Interruption;
use crate::deploy::plan::{Goal, Plan};
use crate::deploy::send::Sender;
use crate::deploy::state::{self, Existing};
use crate::deploy::step::{Action, CodeSource, Step};
use crate::deploy::versions;
use crate::failure::{Exit, Failure};
use crate::package::Size;
use crate::screen::Screen;

/// How often the state is read again after a request whose outcome is not known.
const MAX_LOOKS: u32 = 3;

/// Before a request is sent again that was not carried out.
const PAUSE: Duration = Duration::from_millis(500);

/// A deployment that is carried out.
#[derive(Debug)]
pub(crate) struct Deployment<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) goal: Goal<'a>,
    /// What there was before.
    pub(crate) before: Option<&'a Existing>,
    pub(crate) screen: Screen,
    pub(crate) interruption: &'a Interruption,
}

/// Why a step is not carried out.
enum Stop {
    Interrupted { is_given_up: bool },
    Failed(Failure),
    Refused(Error),
}

impl Stop {
    /// Whether the request may have been carried out.
    fn is_unknown(&self) -> bool {
        match self {
            Self::Interrupted { is_given_up } => *is_given_up,
            Self::Failed(_) => false,
            Self::Refused(error) => error.is_ambiguous(),
        }
    }
}

impl Deployment<'_> {
    /// Carries out the steps in their order.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> Result<(), Failure> {
        let mut left: VecDeque<Step> = plan.steps.iter().cloned().collect();
        let mut done = Vec::new();
        let mut looks = 0;
        let mut sender = Sender {
            client: &self.cloud.client,
            urn: self.goal.urn,
            code: self.goal.code,
            uploaded: None,
        };
        while let Some(step) = left.front() {
            let step = step.clone();
            let stop = match self.send(&mut sender, &step) {
                Ok(()) => {
                    self.tell(&step);
                    done.push(step);
                    left.pop_front();
                    continue;
                }
                Err(stop) => stop,
            };
            let Stop::Refused(error) = stop else {
                return Err(self.stopped(stop, &step, &done));
            };
            let may_look = error.is_ambiguous() || is_there_already(&error);
            if !may_look || looks == MAX_LOOKS || self.interruption.is_interrupted() {
                return Err(self.stopped(Stop::Refused(error), &step, &done));
            }
            looks += 1;
            left = match self.look(error, &step, &done, &left) {
                Ok(left) => left,
                Err(stop) => return Err(self.stopped(stop, &step, &done)),
            };
        }
        Ok(())
    }

    fn send(&self, sender: &mut Sender<'_>, step: &Step) -> Result<(), Stop> {
        if self.interruption.is_interrupted() {
            return Err(Stop::Interrupted { is_given_up: false });
        }
        if let Some(size) = sends_code(step, self.goal.code) {
            self.screen.step("Uploading", Size(size));
        }
        match self.cloud.wait(self.interruption.finish(sender.send(&step.action))) {
            None => return Err(Stop::Interrupted { is_given_up: true }),
            Some(Err(error)) => return Err(Stop::Refused(error)),
            Some(Ok(())) => {}
        }
        match &step.action {
            Action::Publish(body) => {
                self.check_version(body.version.as_deref().unwrap_or_default())
            }
            _ => Ok(()),
        }
    }

    /// Checks that what was published is what was sent: another deployment may have changed
    /// `latest` in between.
    fn check_version(&self, name: &str) -> Result<(), Stop> {
        let urn = self.goal.urn.with_version(name);
        let request = self.cloud.client.function(urn);
        let version = self.cloud.wait(self.interruption.finish(request.config()));
        let Some(version) = version else {
            return Err(Stop::Interrupted { is_given_up: false });
        };
        let version = version.map_err(Stop::Refused)?;
        if versions::is_as_sent(&version, &self.goal) {
            return Ok(());
        }
        Err(Stop::Failed(Failure::new(
            Exit::Failed,
            format!(
                "the version {name} has other code or settings than were sent: the function was \
                 changed meanwhile, by another deployment or by hand"
            ),
        )))
    }

    /// Reads the state again after a request that may have been carried out, and plans again: the
    /// steps that are left.
    fn look(
        &mut self,
        error: Error,
        step: &Step,
        done: &[Step],
        left: &VecDeque<Step>,
    ) -> Result<VecDeque<Step>, Stop> {
        if error.error_code() == Some("FSS.1016") {
            // Nothing has changed, the secrets included: the last version has them.
            self.goal.resent = None;
        }
        if error.is_ambiguous() {
            self.screen.note(format_args!(
                "{}: the answer does not tell whether it was carried out; looking",
                step.action.words()
            ));
        }
        let client = &self.cloud.client;
        let read = state::read(client, self.goal.urn, self.goal.parts());
        let Some(Ok(existing)) = self.cloud.wait(self.interruption.finish(read)) else {
            return Err(Stop::Refused(error));
        };
        let Ok(plan) = Plan::make(&self.goal, existing.as_ref()) else {
            return Err(Stop::Refused(error));
        };
        let same = |step: &Step| {
            let action = step.action.clone();
            move |other: &Step| action.is_same(&other.action)
        };
        let next: VecDeque<_> =
            plan.steps.into_iter().filter(|step| !done.iter().any(same(step))).collect();
        if let Some(other) = next.iter().find(|step| !left.iter().any(same(step))) {
            return Err(Stop::Failed(
                Failure::new(
                    Exit::Failed,
                    format!(
                        "the function was changed meanwhile, by another deployment or by hand: \
                         now it is necessary to {} as well",
                        other.action.words()
                    ),
                )
                .because(&error),
            ));
        }
        if !next.iter().any(same(step)) {
            self.screen.step("Found", format_args!("{}: it was carried out", step.action.words()));
            return Ok(next);
        }
        // What is safe to send twice, the client has sent several times already.
        let is_worth_it = step.action.method() == "POST" && error.is_ambiguous();
        if !is_worth_it {
            return Err(Stop::Refused(error));
        }
        // A timer can be made only within the runtime.
        self.cloud.wait(async { tokio::time::sleep(PAUSE).await });
        Ok(next)
    }

    /// A line about a step that was carried out.
    fn tell(&self, step: &Step) {
        let target = step.action.target().unwrap_or_default();
        let name = self.goal.urn.name();
        let (word, what) = match &step.action {
            Action::Create { .. } => ("Created", format!("the function {name}")),
            Action::Upload { bucket, .. } => ("Uploaded", format!("{target} into {bucket}")),
            Action::UpdateCode { .. } => ("Updated", format!("the code of {name}")),
            Action::Configure(_) => ("Configured", name.to_owned()),
            Action::LimitInstances(number) => ("Limited", format!("the instances to {number}")),
            Action::ConfigureAsynchronous { .. } => {
                ("Configured", "asynchronous invocations".into())
            }
            Action::Publish(_) => ("Published", format!("the version {target}")),
            Action::CreateAlias(body) => {
                ("Created", format!("the alias {target}: {}", body.version))
            }
            Action::MoveAlias { body, .. } => {
                let weights = body.additional_version_weights.iter().flatten();
                let weights: String = weights
                    .map(|(version, percent)| format!(", {percent} % to {version}"))
                    .collect();
                ("Moved", format!("the alias {target}: {}{weights}", body.version))
            }
            Action::CreateTrigger { .. } => ("Created", format!("the trigger {target}")),
            Action::UpdateTrigger { .. } => ("Updated", format!("the trigger {target}")),
            Action::DeleteTrigger { .. } => ("Deleted", format!("the trigger {target}")),
        };
        self.screen.step(word, what);
    }

    /// The failure of a step: what was done, what serves, and how to go on.
    fn stopped(&self, stop: Stop, step: &Step, done: &[Step]) -> Failure {
        let words = step.action.words();
        let is_refused = matches!(&stop, Stop::Refused(error) if !error.is_ambiguous());
        let is_unknown = stop.is_unknown();
        let failure = match stop {
            Stop::Interrupted { is_given_up } => {
                let when = if is_given_up { "during" } else { "before" };
                Failure::new(Exit::Interrupted, format!("interrupted {when}: {words}"))
            }
            Stop::Failed(failure) => {
                Failure::new(failure.exit, format!("failed to {words}: {}", failure.reason()))
            }
            Stop::Refused(error) => {
                let reason = self.without_secrets(without_operation(&error));
                Failure::new(cloud::failure(error).exit, format!("failed to {words}: {reason}"))
            }
        };
        let done_words: Vec<_> = done.iter().map(|step| step.action.words()).collect();
        let mut advice = match done_words.as_slice() {
            [] => String::new(),
            done => format!("done before: {}\n", done.join(", ")),
        };
        advice += &self.serving(done, is_unknown.then_some(step));
        advice += if is_refused {
            "\nwhen the reason is gone, run the same command again: it goes on from there"
        } else {
            "\nrun the same command again: it goes on from there"
        };
        failure.advise(advice)
    }

    /// A message of the platform, which may repeat what was sent.
    fn without_secrets(&self, text: String) -> String {
        let desired = self.goal.desired;
        let passwords = desired.triggers.iter().flat_map(|trigger| trigger.passwords.values());
        let secrets = desired.secrets.values().chain(passwords).map(fg_client::Secret::expose);
        secrets
            .filter(|secret| !secret.is_empty())
            .fold(text, |text, secret| text.replace(secret, "***"))
    }

    /// What serves now.
    fn serving(&self, done: &[Step], unknown: Option<&Step>) -> String {
        let unknown = match unknown {
            Some(step) if self.changes_what_serves(&step.action) => {
                format!(", unless `{}` was carried out all the same", step.action.words())
            }
            _ => String::new(),
        };
        let is_changed = done.iter().any(|step| self.changes_what_serves(&step.action));
        let text = match (&self.goal.options.alias, is_changed) {
            (Some(alias), true) => format!("the alias {alias} serves the new version"),
            (Some(alias), false) => {
                let before = self.before.iter().flat_map(|before| &before.aliases);
                let mut before =
                    before.filter(|before| before.name.as_deref() == Some(alias.as_str()));
                match before.next().and_then(|before| before.version.as_deref()) {
                    Some(version) => {
                        format!("the alias {alias} serves the version {version}, as before")
                    }
                    None => format!("there is no alias {alias} yet"),
                }
            }
            (None, true) => "`latest` serves what was sent".to_owned(),
            (None, false) if self.before.is_none() => "there is no such function yet".to_owned(),
            (None, false) => "`latest` serves as before".to_owned(),
        };
        format!("{text}{unknown}")
    }

    fn changes_what_serves(&self, action: &Action) -> bool {
        if self.goal.options.alias.is_some() {
            matches!(action, Action::CreateAlias(_) | Action::MoveAlias { .. })
        } else {
            matches!(
                action,
                Action::Create { .. } | Action::UpdateCode { .. } | Action::Configure(_)
            )
        }
    }
}

/// The message of an error without what was asked for, which the words of the step say.
fn without_operation(error: &Error) -> String {
    let operation = match error {
        Error::Service(error) => error.operation(),
        Error::Transport(error) => error.operation(),
        _ => "",
    };
    let message = error.to_string();
    let reason = message.strip_prefix(operation).and_then(|rest| rest.strip_prefix(": "));
    reason.unwrap_or(&message).to_owned()
}

/// How many bytes of code a step sends.
fn sends_code(step: &Step, code: &Code) -> Option<usize> {
    match (&step.action, code) {
        (Action::Upload { .. }, Code::Zip(zip)) => Some(zip.bytes.len()),
        (
            Action::Create { code: Some(CodeSource::Request { size, .. }), .. }
            | Action::UpdateCode { code: CodeSource::Request { size, .. }, .. },
            _,
        ) => Some(*size),
        _ => None,
    }
}

/// Whether the platform says that what is to be made is there already.
fn is_there_already(error: &Error) -> bool {
    error.error_code() == Some("FSS.1016")
        || error.as_service().is_some_and(|error| error.status() == 409)
}
