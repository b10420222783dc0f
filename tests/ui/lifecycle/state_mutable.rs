// row 11: the state borrowed mutably

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
async fn greet(event: String, db: &mut Db) -> Result<String, fg::Error> {
//~ error: the state is shared, so it cannot be borrowed mutably
//~ under: &mut Db
//~ help: write `&Db`, and put what changes behind a `Mutex` or an atomic
    let Db = db;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
