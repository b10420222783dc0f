// row 17: `impl Trait` as event

#[fg::handler]
async fn greet(event: impl serde::de::DeserializeOwned) -> Result<String, fg::Error> {
//~ error: a handler's arguments need concrete types: nothing says what this `impl Trait` is when the runtime calls it
//~ under: impl
//~ help: write the type, such as `serde_json::Value` for an event of any shape
    drop(event);
    Ok(String::new())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
