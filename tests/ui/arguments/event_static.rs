// row 28: an event that should outlive the payload

#[fg::handler]
async fn greet(event: &'static str) -> Result<String, fg::Error> {
//~ error: the event borrows from the payload, which lives only until the handler returns
//~ under: 'static
//~ help: remove `'static`
    Ok(event.to_owned())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
