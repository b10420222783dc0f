// row 11: `pre_stop` takes a state without `init`

struct Db;

async fn disconnect(_db: &Db) {}

#[fg::handler(pre_stop = disconnect)]
//~ error[E0277]: `pre_stop` takes an `async fn` without arguments, or with the state, `&()`, alone, that returns nothing
//~ under: disconnect
//~ label: cannot be called before the function stops
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
