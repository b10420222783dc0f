//! Timers: a job that runs at fixed times.

use serde::Deserialize;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// A timer went off (trigger `TIMER`).
    ///
    /// ```
    /// # use fg_events::timer::{self, TimerEvent};
    /// let event = TimerEvent::new().with_trigger_name("nightly").with_user_event(r#"{"keep_days":30}"#);
    /// # #[derive(serde::Deserialize)] struct Job { keep_days: u32 }
    /// let job: Job = event.user_event_json()?;
    /// assert_eq!(job.keep_days, 30);
    /// # Ok::<(), fg_events::ContentError>(())
    /// ```
    pub struct TimerEvent {
        payload {
            /// The text that the timer was given, for the function alone to understand.
            pub user_event: String as "user_event" [json] => with_user_event,
        }
        /// `v1.0`.
        pub version: String => with_version,
        /// When it went off, in RFC 3339 with an offset.
        pub time: Option<Time> => with_time,
        /// `TIMER`.
        pub trigger_type: String => with_trigger_type,
        /// The name that the timer was given.
        pub trigger_name: String => with_trigger_name,
    }
}

impl TimerEvent {
    /// The timer's text, read as JSON.
    ///
    /// # Errors
    ///
    /// Where it is no JSON, or does not fit.
    pub fn user_event_json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("user_event", self.user_event.as_bytes())
    }
}

fixture!(TimerEvent, "timer.json");
