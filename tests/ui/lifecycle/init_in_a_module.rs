// row 11: a path of several segments is underlined whole

struct Db;

mod db {
    pub async fn connect() -> super::Db {
        super::Db
    }
}

#[fg::handler(init = db::connect)]
//~ error[E0277]: `init` must return `Result<Db, E>`, because `Db` is the state of the handler
//~ under: db::connect
//~ label: does not make a `Db`
//~ note: the state is what the last argument of the handler borrows; a handler without such an argument has the state `()`
async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
