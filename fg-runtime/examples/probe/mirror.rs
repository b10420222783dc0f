//! Replies to a CloudEvent as its data says; else with the event, so that a test sees what the
//! handler has got.

use fg_core::{Context, Failure, FromPayload, Handler, IntoPayload, ResponseBuffer};
use serde_json::{Value, json};

/// Shows CloudEvents.
pub(crate) struct Mirror;

impl Handler for Mirror {
    const NAME: &'static str = "mirror";
    type State = ();

    async fn init(_: &Context) -> Result<(), Failure> {
        Ok(())
    }

    async fn call(
        payload: &[u8],
        _: &Context,
        (): &(),
        reply: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        let event = Value::from_payload(payload)?;
        match event["data"].as_str() {
            Some("nothing") => Ok(()),
            Some("null") => None::<Value>.write_payload(reply),
            Some("text") => {
                reply.set_bytes(b"as text".to_vec(), "text/plain; charset=\"utf-8\"");
                Ok(())
            }
            Some("itself") => event.write_payload(reply),
            Some("fail") => Err(Failure::new("OrderNotFound", "there is no order 17")),
            Some("a number") => u64::from_payload(payload)?.write_payload(reply),
            Some("large") => {
                let pieces = fg_runtime::stream::from_writer(|mut out| async move {
                    for _ in 0..7 * 1024 {
                        tokio::io::AsyncWriteExt::write_all(&mut out, &[b'x'; 1024]).await?;
                    }
                    std::io::Result::Ok(())
                });
                pieces.write_payload(reply)
            }
            _ => json!({ "event": event }).write_payload(reply),
        }
    }

    async fn pre_stop((): &()) {}
}
