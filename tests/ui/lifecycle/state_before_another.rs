// row 11: two states, of which only the last is made

struct Db;
struct Cache;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
async fn greet(event: String, cache: &Cache, db: &Db) -> Result<String, fg::Error> {
//~ error[E0277]: `Cache` cannot come before the last argument: only the context can, and the state is the last one
//~ under: Cache
//~ label: neither the context nor the last argument
//~ note: the order is: the event, then `&fg::Context`, then the state that `init` makes; several states are one struct
    let (Cache, Db) = (cache, db);
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
