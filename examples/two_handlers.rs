//! Two functions in one binary: `RUNTIME_HANDLER`, the handler string of the function's settings,
//! says which one runs.
//!
//! `echo '"Ada"' | RUNTIME_HANDLER=farewell cargo run -q --example two_handlers`

#[fg::handler]
async fn greet(name: String) -> Result<String, fg::Error> {
    Ok(format!("Hello, {name}!"))
}

#[fg::handler(name = "farewell")]
async fn say_good_bye(name: String) -> Result<String, fg::Error> {
    Ok(format!("Good-bye, {name}!"))
}

fn main() -> std::process::ExitCode {
    fg::run::<(greet, say_good_bye)>()
}
