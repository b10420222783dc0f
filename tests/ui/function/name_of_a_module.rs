// row 60: a module of the same name

mod greet {}

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ first error[E0428]
//~ under: greet
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
