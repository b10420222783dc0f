// row 94: a wrong path to `fg`

#[fg::handler(crate = faas)]
//~ error[E0432]
//~ under: faas
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
