//! `tracing` events of the function and of its dependencies, as lines with the request id.
//!
//! `echo '{"id":7}' | cargo run -q --features tracing --example tracing_lines`

use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    id: u32,
}

#[fg::handler]
#[tracing::instrument(skip(event), fields(id = event.id))]
async fn order(event: Order) -> Result<(), fg::Error> {
    tracing::info!("accepted");
    // A span can travel: what runs elsewhere still belongs to this invocation.
    let span = tracing::Span::current();
    tokio::spawn(async move { span.in_scope(|| tracing::warn!(stock = 3, "nearly sold out")) })
        .await?;
    Ok(())
}

fn main() -> std::process::ExitCode {
    fg::run::<order>()
}
