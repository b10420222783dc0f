// row 11: a value that must stay on its thread is alive at an `.await` of `pre_stop`

async fn disconnect(_db: &Db) {
    let shared = std::rc::Rc::new(1);
    tokio::task::yield_now().await;
    drop(shared);
}

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect, pre_stop = disconnect)]
//~ error
//~ under: disconnect
async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
