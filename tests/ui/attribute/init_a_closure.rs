// row 87: a closure as `init`

#[fg::handler(init = || connect())]
//~ error: `init` takes the path of a function, as in `init = connect`
//~ under: |
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
