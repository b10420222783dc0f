//! A conformance kit for the Runtime API: scenarios in files drive a `bootstrap`, in whatever
//! language, and a report says what it did.
//!
//! The least is asked of the program under test: it answers each event with a POST to `/response/`,
//! whatever the body. What the event is can be [chosen](Kit::event), for a function that
//! understands only some; where the program answers with the same bytes, the kit can be
//! [told](Kit::compares_echo), and compares them.
//!
//! ```no_run
//! use fg_emulator::conformance::{Class, Kit, Scenario};
//!
//! let report = Kit::new("./bootstrap").run(&Scenario::built_in());
//! println!("{report}");
//! assert!(report.passes(Class::Contract));
//! ```
//!
//! A scenario has a [class](Class). Those of the contract name the document that asks for what they
//! test; a program that does not pass all of them would fail on the platform. The others are good
//! to have: no document asks for them.
//!
//! A scenario is a JSON file:
//!
//! ```
//! let text = r#"{
//!     "name": "poll-status-500",
//!     "says": "A poll that is answered with 500 is repeated.",
//!     "class": "robust",
//!     "steps": [
//!         {"fault": {"on": "poll", "do": {"status": {"code": 500, "body": "not now"}}}},
//!         {"invoke": {}}
//!     ]
//! }"#;
//! assert_eq!(fg_emulator::conformance::Scenario::parse(text)?.name, "poll-status-500");
//! # Ok::<(), String>(())
//! ```
//!
//! One of the class `contract` has a `source`, too: the document. The steps are taken in order; the
//! program starts at the first one that is not a fault. At the end of every scenario all its faults
//! have to have happened, and one more plain event has to be answered. The steps:
//!
//! - `{"invoke": {..}}` hands out an event and waits. `event`: its text, else the kit's; `pad-to`:
//!   with a `name` of so many bytes in all; `headers`: pairs; `async`: true; `expect`: `response`
//!   (the default), `answer` (a response or an error), `post` (whatever the API says to it),
//!   `nothing` (no wait); `echo`: the bytes are compared, where the kit is told that the program
//!   echoes.
//! - `{"fault": {"on": "poll" | "post", "do": ..}}` makes the next request of this sort meet a
//!   [`Misbehaviour`](crate::Misbehaviour), whose names are the same in lower case with hyphens.
//! - `{"restart": {"down-ms": 50}}` ends the Runtime API and starts it again after so long.
//! - `{"pause-ms": 1500}` does nothing for so long.

mod built_in;
mod fault_file;
mod kit;
mod report;
mod scenario;

pub use kit::Kit;
pub use report::{Format, Mismatch, Report, ScenarioResult};
pub use scenario::{Class, Scenario};
