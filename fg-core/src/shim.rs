//! Temporary: the methods by which the runtime still calls `lifecycle`.
use crate::*;
use std::{sync::Arc, time::*};
#[doc(hidden)]
#[allow(missing_docs)]
impl Context {
    pub fn between_invocations(environment: Arc<Environment>, sink: Arc<dyn LogSink>) -> Self {
        lifecycle::between_invocations(environment, sink)
    }
    pub fn begin<'h>(
        &mut self,
        received: Instant,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> bool {
        lifecycle::begin(self, received, headers)
    }
    pub fn begin_with_head<'h>(
        &mut self,
        received: Instant,
        head: &[u8],
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> bool {
        lifecycle::begin_with_head(self, received, head, headers)
    }
    pub fn set_request_id(&mut self, request_id: &str) {
        lifecycle::set_request_id(self, request_id)
    }
    pub fn rest(&mut self, timeout: Duration) {
        lifecycle::rest(self, timeout)
    }
    pub fn end(&mut self) {
        lifecycle::end(self)
    }
    pub fn has_secrets(&self) -> bool {
        lifecycle::has_secrets(self)
    }
    pub fn has_been_cancelled(&self) -> bool {
        lifecycle::is_cancelled(self)
    }
    pub fn cancelled_at(&self) -> Instant {
        lifecycle::cancelled_at(self)
    }
    pub fn cancel(&self) {
        lifecycle::cancel(self)
    }
    pub fn has_after_work(&self) -> bool {
        lifecycle::has_after_work(self)
    }
    pub fn take_after_work(&self) -> Vec<after::AfterWork> {
        lifecycle::take_after_work(self)
    }
}
