// row 25: a reference to an event that is no text

#[derive(serde::Deserialize)]
struct Greeting {
    name: String,
}

#[fg::handler]
async fn greet(event: &Greeting, ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error[E0277]: `&Greeting` cannot be the event of a FunctionGraph handler
//~ under: &Greeting
//~ label: cannot be read from the JSON payload
//~ note: the first argument of a handler must implement `serde::Deserialize`; for the untouched bytes take `fg::Raw<'_>`
//~ note: for a type of this crate, add `#[derive(serde::Deserialize)]` to it
    Ok(format!("{} {}", event.name, ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
