// row 11: `init` makes a state, but the handler takes none

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
//~ error[E0277]: `init` must return `Result<(), E>`, because `()` is the state of the handler
//~ under: connect
//~ label: does not make a `()`
//~ note: the state is what the last argument of the handler borrows; a handler without such an argument has the state `()`
async fn greet(event: String, ctx: &fg::Context) -> Result<String, fg::Error> {
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
