// row 35: no result, in a crate that forbids what generated code could be tempted to allow
#![forbid(unused, nonstandard_style, deprecated, dead_code, unused_variables)]

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) {
//~ error: a handler must return `Result<T, E>`
//~ under: )
//~ help: add `-> Result<(), fg::Error>` and end the function with `Ok(())`
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
