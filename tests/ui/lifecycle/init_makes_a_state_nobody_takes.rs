// row 11: `init` makes a state, but the handler takes none

struct Db;

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db)
}

#[fg::handler(init = connect)]
//~ error: `init` makes a state that the handler does not take
//~ under: init
//~ help: add a last argument `state: &YourState`
async fn greet(event: String, ctx: &fg::Context) -> Result<String, fg::Error> {
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
