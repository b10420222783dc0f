// row 57: no body, in a trait

trait Greeter {
    #[fg::handler]
    async fn greet(event: String) -> Result<String, fg::Error>;
    //~ error: a handler needs a body
    //~ under: greet
    //~ help: put `#[fg::handler]` on a function that has one
}

fn main() {}
