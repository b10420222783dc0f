//! An event function, served by fg.

mod greeting;

use greeting::{Greeting, Reply};

#[fg::handler]
async fn greet(event: Greeting) -> Result<Reply, fg::Error> {
    Ok(event.answer())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
