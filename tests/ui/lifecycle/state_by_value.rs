// row 11: the state by value

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
async fn greet(event: String, ctx: &fg::Context, db: Db) -> Result<String, fg::Error> {
//~ error: the state is made once and lent to every call, so the handler takes a reference to it
//~ under: Db
//~ help: write `&Db`
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
