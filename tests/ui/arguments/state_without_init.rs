// row 12: a state that nothing creates

struct Db;

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context, db: &Db) -> Result<String, fg::Error> {
//~ error[E0277]: nothing creates the state `Db`
//~ under: Db
//~ label: neither the context nor what `init` makes
//~ note: add `init = path::to::function` to the attribute; the state is the last argument
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
