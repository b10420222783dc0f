// row 58: called `main`

#[fg::handler]
async fn main(event: String) -> Result<String, fg::Error> {
//~ error: a handler cannot be called `main`: that is the program's entry point
//~ under: main
//~ help: give it another name and write `fn main() -> std::process::ExitCode { fg::run::<its_name>() }`
    Ok(event)
}
