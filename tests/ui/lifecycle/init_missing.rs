// row 11: there is no such function

struct Db;

#[fg::handler(init = connect)]
//~ error[E0425]
//~ under: connect
async fn greet(event: String, ctx: &fg::Context, db: &Db) -> Result<String, fg::Error> {
    let Db = db;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
