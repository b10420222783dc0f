//! A service as an event function behind API Gateway.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use fg_core::{Context, Failure, ReadyFunction, ResponseBuffer};
use http::Method;
use http::header::CONTENT_LENGTH;
use http_body::Body as _;

use crate::apig;
use crate::body::Body;
use crate::collect::collect;
use crate::connected::ClientAddress;
use crate::service::HttpService;
use crate::shared::Shared;

/// A service as a function of API Gateway's events.
///
/// The event becomes a request, as [`apig::request_of`] says, with the [`Context`] of the
/// invocation among its extensions. The response is read to its end and becomes the response, as
/// [`apig::write_response`] says. Trailers are dropped: the JSON has no place for them.
///
/// A response may have at most `RUNTIME_MAX_RESP_BODY_SIZE` bytes, 6 MB on the platform, and what
/// is not text grows by a third on the way: above 4.5 MB a warning is logged, once in a process.
pub struct Gateway<S>(Shared<S>);

impl<S: HttpService> Gateway<S> {
    /// Puts a service behind API Gateway.
    pub const fn new(service: S) -> Self {
        Self(Shared::new(service))
    }

    /// A clone of the service.
    pub fn service(&self) -> S {
        self.0.get()
    }
}

impl<S> fmt::Debug for Gateway<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateway")
    }
}

impl<S: HttpService> ReadyFunction for Gateway<S> {
    async fn call(
        &self,
        payload: &[u8],
        ctx: &Context,
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        let (request, left_out) = apig::read_request(payload)?;
        if let Some(message) = left_out.message() {
            ctx.logger().warn(format_args!("{message}"));
        }
        let mut request = request.map(Body::from);
        request.extensions_mut().insert(ctx.clone());
        let client = ClientAddress::of_gateway(request.extensions().get());
        request.extensions_mut().insert(client);
        let is_head = request.method() == Method::HEAD;
        let response = self.service().respond(request).await.map_err(|error| error.to_failure())?;
        let (mut parts, body) = response.into_parts();
        let limit = ctx.environment().max_response_size();
        let body = if is_head {
            // As a server answers: with the length of a body that does not follow.
            if let (Some(length), false) =
                (body.size_hint().exact(), parts.headers.contains_key(CONTENT_LENGTH))
            {
                parts.headers.insert(CONTENT_LENGTH, length.into());
            }
            Bytes::new()
        } else {
            collect(body, limit).await?
        };
        warn_of_size(body.len(), limit, ctx);
        apig::write_response(&parts, &body, output)
    }

    async fn pre_stop(&self) {}
}

/// Says once that a response is so large that base64 makes it larger than the platform takes.
fn warn_of_size(size: usize, limit: usize, ctx: &Context) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let safe = limit / 4 * 3;
    if size > safe && !WARNED.swap(true, Ordering::Relaxed) {
        ctx.logger().warn(format_args!(
            "a response of {size} bytes is larger than {safe} bytes, which is what fits into {limit} bytes as base64; API Gateway may \
             refuse it. This is said once."
        ));
    }
}
