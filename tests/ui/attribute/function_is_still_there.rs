// row 84: after a mistake in the attribute the function can be called and run, and is checked as before

#[fg::handler(nmae = "greet")]
//~ error: unknown option `nmae`
//~ under: nmae
//~ help: did you mean `name`?
async fn greet(event: String) -> Result<String, fg::Error> {
    let length: u8 = event;
    //~ error[E0308]
    //~ under: event
    Ok(length.to_string())
}

async fn greet_twice() -> Result<String, fg::Error> {
    greet(greet("Ada".to_owned()).await?).await
}

fn main() -> std::process::ExitCode {
    let _ = greet_twice();
    fg::run::<greet>()
}
