// row 11: a value that must stay on its thread is alive at an `.await` of `init`

async fn connect() -> Result<Db, fg::Error> {
    let shared = std::rc::Rc::new(1);
    tokio::task::yield_now().await;
    drop(shared);
    Ok(Db)
}

struct Db;

#[fg::handler(init = connect)]
//~ error
//~ under: connect
async fn greet(event: String, ctx: &fg::Context, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
