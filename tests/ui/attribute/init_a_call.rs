// row 87: a call as `init`

#[fg::handler(init = connect())]
//~ error: `init` takes the path of a function, as in `init = connect`
//~ under: ()
//~ error: `init` makes a state that the handler does not take
//~ under: init
//~ help: add a last argument `state: &YourState`
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
