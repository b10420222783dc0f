// row 12: a state that nothing creates, borrowed mutably

struct Db;

#[fg::handler]
async fn greet(event: String, db: &mut Db) -> Result<String, fg::Error> {
//~ error[E0277]: `&mut Db` cannot be an argument of a FunctionGraph handler
//~ under: &mut Db
//~ label: not an argument the runtime can supply
//~ note: after the event a handler may take `&fg::Context`, and its state, `&S`, if the attribute has `init = ..`
//~ note: take `&fg::Context`, and clone what you need out of it
    let Db = db;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
