// row 3: no event

#[fg::handler]
async fn greet() -> Result<String, fg::Error> {
//~ error: a handler takes the event as its first argument
//~ under: ()
//~ help: write `(event: serde_json::Value)`, or `(_: fg::Ignored)` to ignore the payload
    Ok(String::new())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
