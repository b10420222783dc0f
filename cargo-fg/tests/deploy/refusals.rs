//! What is said when the platform refuses: wrong credentials, an expired token, missing rights, a
//! quota, a clock that is wrong. Each message is compared as a whole, and meant to be read aloud.

use crate::fg::{Ran, run};
use crate::platform::Platform;
use crate::project::{deploy, deployed};
use crate::proxy::{Deal, Proxy};

/// The error, from its first line on.
fn error(ran: &Ran) -> &str {
    let start = ran.stderr.find("error: ").unwrap_or_else(|| panic!("no error: {}", ran.stderr));
    ran.stderr[start..].trim_end()
}
