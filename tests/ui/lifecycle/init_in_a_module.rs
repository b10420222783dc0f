// row 11: a path of several segments is underlined whole

struct Db;

mod db {
    pub async fn connect() -> super::Db {
        super::Db
    }
}

#[fg::handler(init = db::connect)]
//~ error[E0277]: `init` must return `Result<Db, E>`, because the handler takes `&Db`
//~ under: db::connect
//~ label: does not make a `Db`
async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
