// row 11: a state that threads cannot share

struct Db(std::cell::Cell<u8>);

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db(std::cell::Cell::new(1)))
}

async fn disconnect(db: &Db) {
    db.0.set(0);
}

#[fg::handler(init = connect, pre_stop = disconnect)]
async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
//~ first error[E0277]
//~ under: Db
    tokio::task::yield_now().await;
    Ok(format!("{event} {}", db.0.get()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
