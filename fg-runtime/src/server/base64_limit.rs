//! Warns of a response that may be too large once the platform has encoded it.
//!
//! The platform encodes the body of a container's or an HTTP function's response in base64, which
//! makes it a third larger. No document says whether its limit of 6 MB is for the body or for what
//! is encoded, so a response between the two is logged, once.

use std::sync::atomic::{AtomicBool, Ordering};

use fg_core::Context;

use crate::log::runtime_log;

/// Logs a warning if a body of this size may be too large once it is encoded. Elsewhere than on the
/// platform nothing is.
pub(crate) fn warn_if_above(size: u64, limit: usize, ctx: &Context) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let safe = limit as u64 / 4 * 3;
    if size > safe && !ctx.function_name().is_empty() && !WARNED.swap(true, Ordering::Relaxed) {
        runtime_log::of(ctx.logger()).warn(format_args!(
            "a response of {size} bytes is larger than {safe} bytes, which is what fits into {limit} bytes as base64; the platform may refuse it. This is said once"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CapturedLog;

    #[test]
    fn it_is_said_once_and_only_on_the_platform() {
        const LIMIT: usize = 6 * 1024 * 1024;
        let log = CapturedLog::new();
        let elsewhere = Context::builder().log_to(log.clone()).build();
        warn_if_above(5_000_000, LIMIT, &elsewhere);
        let ctx = Context::builder().function_name("greet").log_to(log.clone()).build();
        warn_if_above(4_718_592, LIMIT, &ctx);
        assert_eq!(log.lines().len(), 0);
        warn_if_above(4_718_593, LIMIT, &ctx);
        warn_if_above(5_000_000, LIMIT, &ctx);
        assert_eq!(log.lines().len(), 1);
        assert!(
            log.lines()[0].contains("a response of 4718593 bytes is larger than 4718592 bytes"),
            "{log:?}"
        );
    }
}
