// row 11: the context after the state

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
async fn greet(event: String, db: &Db, ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error[E0277]: `Db` cannot come before the last argument: only the context can, and the state is the last one
//~ under: Db
//~ label: neither the context nor the last argument
//~ note: the order is: the event, then `&fg::Context`, then the state that `init` makes; several states are one struct
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
