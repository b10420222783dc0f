// row 54: its own ABI

#[fg::handler]
async extern "C" fn greet(event: String) -> Result<String, fg::Error> {
//~ error: a handler cannot have its own ABI: the runtime is Rust and calls it directly
//~ under: extern "C"
//~ help: remove the `extern`
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
