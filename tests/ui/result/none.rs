// row 35: no return type

#[fg::handler]
async fn greet(event: String) {
//~ error: a handler must return `Result<T, E>`
//~ under: )
//~ help: add `-> Result<(), fg::Error>` and end the function with `Ok(())`
    drop(event);
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
