// row 87: two texts as name

#[fg::handler(name = "a" "b")]
//~ error: `name` takes a string literal, as in `name = "greet"`
//~ under: "b"
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
