//! Responds with a stream that performs the steps of the event.

use std::future::pending;
use std::time::Duration;

use fg_core::{
    Context, Failure, FromPayload, Handler, IntoPayload, ResponseBuffer, StreamResponse,
};
use fg_runtime::stream::from_writer;
use serde::Deserialize;
use tokio::io::{AsyncWriteExt, DuplexStream};

use crate::act::{LogOnDrop, block_at, wait_at};

/// One step.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Write this.
    Write(String),
    /// Write this number of kilobytes.
    Kilobytes(u64),
    /// Connect to this address, and continue when the peer closes the connection.
    WaitAt(String),
    Fail,
    Panic,
    /// Wait forever.
    Hang,
    /// Block the thread forever.
    Block,
    /// Connect to this address, and block the thread forever.
    BlockAt(String),
}

/// The handler.
pub(crate) struct Stream;

impl Handler for Stream {
    const NAME: &'static str = "stream";
    type State = ();

    async fn init(_: &Context) -> Result<(), Failure> {
        Ok(())
    }

    async fn call(
        payload: &[u8],
        ctx: &Context,
        (): &(),
        output: &mut ResponseBuffer,
    ) -> Result<(), Failure> {
        stream_of(payload, ctx)?.with_content_type("text/plain").write_payload(output)
    }

    async fn pre_stop((): &()) {}
}

/// A stream of these steps. Dropping it before its end is logged.
pub(crate) fn stream_of(payload: &[u8], ctx: &Context) -> Result<StreamResponse, Failure> {
    let steps = Vec::<Step>::from_payload(payload)?;
    let dropped = LogOnDrop(ctx.logger().clone());
    Ok(from_writer(|mut out| async move {
        let _dropped = dropped;
        for step in steps {
            take(step, &mut out).await?;
        }
        std::io::Result::Ok(())
    }))
}

async fn take(step: Step, out: &mut DuplexStream) -> std::io::Result<()> {
    match step {
        Step::Write(text) => out.write_all(text.as_bytes()).await?,
        Step::Kilobytes(count) => {
            for _ in 0..count {
                out.write_all(&[b'x'; 1024]).await?;
            }
        }
        Step::WaitAt(address) => wait_at(&address).await,
        Step::Fail => return Err(std::io::Error::other("the source has run dry")),
        Step::Panic => panic!("in the middle of a stream"),
        Step::Hang => pending().await,
        Step::Block => std::thread::sleep(Duration::MAX),
        Step::BlockAt(address) => block_at(&address),
    }
    Ok(())
}
