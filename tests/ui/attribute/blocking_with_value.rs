// row 89: a value for `blocking`

#[fg::handler(blocking = true)]
//~ error: `blocking` takes no value: write `blocking`
//~ under: blocking = true
fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
