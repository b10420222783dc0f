// row 11: `init` takes an argument that does not exist

async fn connect(url: String) -> Result<Db, fg::Error> {
    drop(url);
    Ok(Db)
}

struct Db;

#[fg::handler(init = connect)]
//~ error[E0277]: `init` takes an `async fn` without arguments, or with `&fg::Context` alone
//~ under: connect
//~ label: cannot be called to make the state
async fn greet(event: String, ctx: &fg::Context, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
