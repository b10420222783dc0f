// row 11: a state that borrows

struct Db<'a>(&'a u8);

async fn connect() -> Result<Db<'static>, fg::Error> {
    Ok(Db(&1))
}

#[fg::handler(init = connect)]
async fn greet(event: String, db: &Db<'_>) -> Result<String, fg::Error> {
//~ error[E0637]
//~ under: '_
    Ok(format!("{event} {}", db.0))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
