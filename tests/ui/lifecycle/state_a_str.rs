// row 11: the state as `&str`

async fn connect() -> Result<String, fg::Error> {
    Ok(String::new())
}

#[fg::handler(init = connect)]
async fn greet(event: String, names: &str) -> Result<String, fg::Error> {
//~ error: the state needs a type of known size
//~ under: str
//~ help: write `&String`
    Ok(format!("{event} {}", names.len()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
