// row 11: a state that must stay on its thread

struct Db(std::rc::Rc<u8>);

async fn connect() -> Result<Db, fg::Error> {
    Ok(Db(std::rc::Rc::new(1)))
}

#[fg::handler(init = connect)]
async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
//~ first error[E0277]
//~ under: Db
    Ok(format!("{event} {}", db.0))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
