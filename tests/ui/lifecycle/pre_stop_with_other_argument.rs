// row 11: `pre_stop` takes an argument that does not exist

async fn disconnect(url: String) {
    drop(url);
}

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect, pre_stop = disconnect)]
//~ error[E0277]: `pre_stop` takes an `async fn` without arguments, or with the state, `&Db`, alone, that returns nothing
//~ under: disconnect
//~ label: cannot be called before the function stops
async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
