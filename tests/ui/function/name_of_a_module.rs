// row 60: a module of the same name

mod greet {}

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ error[E0428]
//~ under: greet
//~ error[E0573]
//~ under: greet
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
    //~ error[E0573]
    //~ under: greet
}
