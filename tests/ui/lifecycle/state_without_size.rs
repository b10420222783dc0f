// row 11: the state as `&dyn Trait`

trait Db: Send + Sync {}

async fn connect() -> Result<Box<dyn Db>, fg::Error> {
    Err("no route")?
}

#[fg::handler(init = connect)]
async fn greet(event: String, _db: &dyn Db) -> Result<String, fg::Error> {
//~ error: the state needs a type of known size
//~ under: dyn Db
//~ help: write `&Box<dyn Db>`
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
