// row 11: two states, of which only the last is made

struct Db;
struct Cache;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
async fn greet(event: String, cache: &Cache, db: &Db) -> Result<String, fg::Error> {
//~ error[E0277]: `&Cache` cannot be an argument of a FunctionGraph handler
//~ under: &Cache
//~ label: not an argument the runtime can supply
//~ note: after the event a handler may take `&fg::Context`, and its state, `&S`, if the attribute has `init = ..`
//~ note: take `&fg::Context`, and clone what you need out of it
    let (Cache, Db) = (cache, db);
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
