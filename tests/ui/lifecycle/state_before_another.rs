// row 11: two states, of which only the last is made

struct Db;
struct Cache;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
async fn greet(event: String, cache: &Cache, db: &Db) -> Result<String, fg::Error> {
//~ error[E0277]: nothing creates the state `Cache`
//~ under: Cache
//~ label: neither the context nor what `init` makes
//~ note: add `init = path::to::function` to the attribute; the state is the last argument
    let (Cache, Db) = (cache, db);
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
