//! One call of the user's code: its time budget, its panics, its errors, and its work after the
//! response.

pub(crate) mod after_response_work;
pub(crate) mod blocking_answer;
pub(crate) mod call;
pub(crate) mod deadline_timer;
pub(crate) mod error_audience;
pub(crate) mod init_phase;
pub(crate) mod limits;
pub(crate) mod overdue;
mod panic_advice;
pub(crate) mod panics;
pub(crate) mod request_id;
pub(crate) mod streamed_response;
pub(crate) mod time_budget;
pub(crate) mod watchdog;
