// row 9: the context in an `Arc`

use std::sync::Arc;

#[fg::handler]
async fn greet(event: String, ctx: Arc<fg::Context>) -> Result<String, fg::Error> {
//~ error[E0277]: `Arc<fg::Context>` cannot be an argument of a FunctionGraph handler
//~ under: Arc<fg::Context>
//~ label: not an argument the runtime can supply
//~ note: after the event a handler may take `&fg::Context`, and its state, `&S`, if the attribute has `init = ..`
//~ note: take `&fg::Context`, and clone what you need out of it
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
