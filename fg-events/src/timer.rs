//! Timers: invoke a function on a schedule.

use serde::Deserialize;

use crate::Time;
use crate::content::{ContentError, json};
use crate::record::{fixture, record};

record! {
    /// A timer fired (trigger `TIMER`).
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
            /// The user-defined payload of the timer.
            pub user_event: String as "user_event" [json] => with_user_event,
        }
        /// `v1.0`.
        pub version: String => with_version,
        /// When it fired, in RFC 3339 with an offset.
        pub time: Option<Time> => with_time,
        /// `TIMER`.
        pub trigger_type: String => with_trigger_type,
        /// The name of the timer.
        pub trigger_name: String => with_trigger_name,
    }
}

impl TimerEvent {
    /// Deserializes the user-defined payload from JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or does not fit.
    pub fn user_event_json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ContentError> {
        json::parse("user_event", self.user_event.as_bytes())
    }
}

fixture!(TimerEvent, "timer.json");
