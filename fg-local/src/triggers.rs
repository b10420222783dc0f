//! What invokes functions on its own.

#[cfg(test)]
pub(crate) mod example;
pub(crate) mod schedule;
mod timer_event;

pub use schedule::{Schedule, ScheduleError};
pub use timer_event::timer_event;
