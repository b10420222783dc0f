//! A response that fits into the platform's limit as it is, but perhaps not as the platform passes
//! it on.
//!
//! The platform wraps the body of a container's or an HTTP function's response in base64, which
//! makes it a third larger. Whether its limit of 6 MB is for the body or for what is wrapped no
//! document says, so a response between the two is mentioned, once.

use std::sync::atomic::{AtomicBool, Ordering};

use fg_core::Context;

use crate::log::runtime_log;

/// Logs a warning if a body of this size may be too large once it is wrapped. Elsewhere than on the
/// platform nothing is wrapped.
pub(crate) fn warn_of(size: u64, limit: usize, ctx: &Context) {
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
        warn_of(5_000_000, LIMIT, &elsewhere);
        let ctx = Context::builder().function_name("greet").log_to(log.clone()).build();
        warn_of(4_718_592, LIMIT, &ctx);
        assert_eq!(log.lines().len(), 0);
        warn_of(4_718_593, LIMIT, &ctx);
        warn_of(5_000_000, LIMIT, &ctx);
        assert_eq!(log.lines().len(), 1);
        assert!(
            log.lines()[0].contains("a response of 4718593 bytes is larger than 4718592 bytes"),
            "{log:?}"
        );
    }
}
