// row 10: an argument that the runtime cannot supply

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context, db: String) -> Result<String, fg::Error> {
//~ error[E0277]: `String` cannot be an argument of a FunctionGraph handler
//~ under: String
//~ label: not an argument the runtime can supply
//~ note: after the event a handler may take `&fg::Context`, and its state, `&S`, if the attribute has `init = ..`
//~ note: take `&fg::Context`, and clone what you need out of it
    Ok(format!("{event} {} {db}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
