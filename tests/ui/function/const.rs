// row 55: `const`, which rules out `async`: one error, not two

#[fg::handler]
const fn greet(event: String) -> Result<String, fg::Error> {
//~ error: a handler cannot be `const`: it runs when an event comes
//~ under: const
//~ help: write `async fn`
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
