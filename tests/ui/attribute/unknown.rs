// row 85: an option that does not exist

#[fg::handler(timeout = 3)]
//~ error: unknown option `timeout`
//~ under: timeout
//~ help: the options are `name = "greet"`, `blocking`, `init = connect`, `pre_stop = drain`, `crate = fg`
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
