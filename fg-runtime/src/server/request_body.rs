//! Reads the body of a request: the whole of it, not more than is allowed, and not for ever.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body;
use http_body_util::BodyExt;

use crate::alarm::Alarm;
use crate::runtime_api::SILENCE_LIMIT;

/// Why there is no body.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_body<B>(mut body: B, limit: usize) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let too_large = || Unread {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        reason: format!("the payload is larger than {limit} bytes (RUNTIME_MAX_RESP_BODY_SIZE, in both directions)"),
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    let mut silence = Alarm::new();
    while !body.is_end_stream() {
        let frame = silence.limit_for(SILENCE_LIMIT, body.frame()).await.ok_or_else(|| Unread {
            status: StatusCode::REQUEST_TIMEOUT,
            reason: format!("the body of the request stayed silent for {SILENCE_LIMIT:?}"),
        })?;
        let data = match frame {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                let reason = format!("the body of the request cannot be read: {error}");
                return Err(Unread { status: StatusCode::BAD_REQUEST, reason });
            }
        };
        if first.len() + whole.len() + data.len() > limit {
            return Err(too_large());
        }
        // Mostly there is one piece, and nothing to copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.reserve(usize::try_from(body.size_hint().lower()).unwrap_or(0).min(limit) + first.len() + data.len());
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}
