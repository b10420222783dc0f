// row 84: a mistyped option

#[fg::handler(nmae = "greet")]
//~ error: unknown option `nmae`
//~ under: nmae
//~ help: did you mean `name`?
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
