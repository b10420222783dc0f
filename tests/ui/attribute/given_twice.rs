// row 86: an option twice

#[fg::handler(
    name = "a",
    name = "b",
    //~ error: `name` is given twice
    //~ under: name
    //~ help: remove one of the two
)]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
