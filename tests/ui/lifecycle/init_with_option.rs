// row 11: `init` returns an `Option`

async fn connect() -> Option<Db> {
    Some(Db)
}

struct Db;

#[fg::handler(init = connect)]
//~ error[E0277]: `init` must return `Result<Db, E>`, because `Db` is the state of the handler
//~ under: connect
//~ label: does not make a `Db`
//~ note: the state is what the last argument of the handler borrows; a handler without such an argument has the state `()`
async fn greet(event: String, ctx: &fg::Context, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
