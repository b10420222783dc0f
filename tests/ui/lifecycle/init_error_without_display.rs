// row 11: the error of `init` does not implement `Display`

struct Lost;

async fn connect() -> Result<Db, Lost> {
    Err(Lost)
}

struct Db;

#[fg::handler(init = connect)]
//~ error[E0277]: `Lost` cannot be the error of a FunctionGraph handler
//~ under: connect
//~ label: cannot be turned into an error response
//~ note: the `E` of the handler's `Result<T, E>` must implement `std::fmt::Display`
//~ note: use `fg::Error`, `anyhow::Error`, `Box<dyn std::error::Error>` or a `thiserror` type
async fn greet(event: String, ctx: &fg::Context, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
