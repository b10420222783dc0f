//! Responds to a CloudEvent as its data asks, or with the event itself, so that a test can compare
//! what the handler received.

use fg_core::{Context, Failure, FromPayload, Handler, IntoPayload, ResponseBuffer};
use serde_json::{Value, json};

/// Responds with the received CloudEvent.
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
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        let event = Value::from_payload(payload)?;
        match event["data"].as_str() {
            Some("nothing") => Ok(()),
            Some("null") => None::<Value>.write_payload(output),
            Some("text") => {
                output.set_bytes(b"as text".to_vec(), "text/plain; charset=\"utf-8\"");
                Ok(())
            }
            Some("itself") => event.write_payload(output),
            Some("fail") => Err(Failure::new("OrderNotFound", "there is no order 17")),
            Some("a number") => u64::from_payload(payload)?.write_payload(output),
            Some("large") => {
                let chunks = fg_runtime::stream::from_writer(|mut out| async move {
                    for _ in 0..7 * 1024 {
                        tokio::io::AsyncWriteExt::write_all(&mut out, &[b'x'; 1024]).await?;
                    }
                    std::io::Result::Ok(())
                });
                chunks.write_payload(output)
            }
            _ => json!({ "event": event }).write_payload(output),
        }
    }

    async fn pre_stop((): &()) {}
}
