//! What happened to a trigger, for the person who runs this server.

use std::fmt;
use std::sync::Arc;

use fg_emulator::printable::{Form, printable};

use crate::catalog::function::{Function, Trigger};
use crate::urn::FunctionName;

/// Is called with each report.
pub(crate) type Reporter = Arc<dyn Fn(Report) + Send + Sync>;

/// What happened to a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) function: FunctionName,
    /// The trigger's name, or its id if it has none.
    pub(crate) trigger: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It has queued an asynchronous invocation.
    Fired { request_id: String },
    /// The invocation was not queued.
    Refused { reason: String },
    /// It should have fired at this time, but the machine slept or was busy.
    Missed { due: String },
    /// Its schedule has no further time.
    Ended,
    /// It never fires, because what it was created with is not valid.
    Invalid { reason: String },
    /// Its bucket cannot be watched at the moment.
    Unwatched { reason: String },
}

impl Report {
    pub(super) fn new(function: &Function, trigger: &Trigger, what: What) -> Self {
        let name = ["name", "trigger_name"]
            .iter()
            .find_map(|key| trigger.event_data.get(*key)?.as_str().filter(|name| !name.is_empty()));
        let trigger = name.unwrap_or(&trigger.id).to_owned();
        Self { function: function.name.clone(), trigger, what }
    }
}

/// One line for the log of its function, safe for a terminal: names come from callers.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.what {
            What::Fired { request_id } => format!("fired: asynchronous invocation {request_id}"),
            What::Refused { reason } => format!("fired, but the invocation is refused: {reason}"),
            What::Missed { due } => format!("missed its time {due}, which is not made up for"),
            What::Ended => "will not fire again".to_owned(),
            What::Invalid { reason } => format!("will never fire: {reason}"),
            What::Unwatched { reason } => format!("cannot watch its bucket: {reason}"),
        };
        let line = format!("trigger {} {what}", self.trigger);
        f.write_str(&printable(&line, Form::Text).replace(['\n', '\t'], " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triggers::example::function;
    use serde_json::json;

    #[test]
    fn a_report_is_one_line_without_escape_sequences() {
        let function = function("f1", &[("TIMER", "t1", json!({"name": "a\x1b]0;x\x07\nb"}))]);
        let what = What::Fired { request_id: "r".into() };
        let report = Report::new(&function, &function.triggers[0], what).to_string();
        assert_eq!(report, "trigger a\\u{1b}]0;x\\u{7} b fired: asynchronous invocation r");
    }
}
