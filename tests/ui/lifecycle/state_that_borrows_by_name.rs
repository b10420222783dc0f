// row 11: a state that borrows what the event does

struct Db<'a>(&'a u8);

async fn connect() -> Result<Db<'static>, fg::Error> {
    Ok(Db(&1))
}

#[fg::handler(init = connect)]
async fn greet<'e>(event: &'e str, db: &'e Db<'e>) -> Result<String, fg::Error> {
//~ error: the state outlives every call, so it cannot borrow from one
//~ under: 'e
//~ help: write `'static`, or a type that owns what it needs
    Ok(format!("{event} {}", db.0))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
