//! A conformance kit for the Runtime API: scenarios in files drive a `bootstrap` in any language,
//! and a report has the results.
//!
//! The program under test only has to answer each event with a POST to `/response/`, with any body.
//! The [event](Kit::event) can be set, for a function that accepts only certain events. If the
//! program answers with the bytes of the event, the kit can [compare](Kit::compares_echo) them.
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
//! test; a program that fails one of them would fail on the platform. The others are good to have:
//! no document asks for them.
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
//! A scenario of the class `contract` also has a `source`: the document. The steps are taken in
//! order, and the program starts at the first step that is not a fault. At the end of every
//! scenario all its faults must have happened, and one more plain event must be answered. The
//! steps:
//!
//! - `{"invoke": {..}}` hands out an event and waits for what it `expect`s: `response` (the default),
//!   `answer` (a response or an error), `post` (even if the API refuses it), `nothing` (does not
//!   wait). `event` is the event as a string, by default the kit's; `pad-to` makes it an object with
//!   a `name` and this size in bytes; `headers` are pairs; `async` makes it asynchronous; `echo`
//!   compares the bytes, if the kit compares echoes.
//! - `{"fault": {"on": "poll" | "post", "do": ..}}` makes the next poll or POST meet a
//!   [`Misbehaviour`](crate::Misbehaviour), whose names are written in lower case with hyphens.
//! - `{"restart": {"down-ms": 50}}` stops the Runtime API and starts it again after this time.
//! - `{"pause-ms": 1500}` waits for this time.

mod built_in;
mod fault_file;
mod kit;
mod report;
mod scenario;
mod scenario_run;

pub use kit::Kit;
pub use report::{Format, Mismatch, Report, ScenarioResult};
pub use scenario::{Class, Scenario};
