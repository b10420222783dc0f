// row 90: a value without its key

#[fg::handler(= 3)]
//~ error: expected an option
//~ under: =
//~ help: the options are `name = "greet"`, `blocking`, `init = connect`, `pre_stop = drain`, `crate = fg`
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
