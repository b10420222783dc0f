// row 34: the context's type comes from the caller of a macro

macro_rules! greeter {
    ($context:ty) => {
        #[fg::handler]
        async fn greet(event: String, ctx: $context) -> Result<String, fg::Error> {
            Ok(format!("{event} {}", ctx.request_id()))
        }
    };
}

greeter!(fg::Context);
//~ error: the context is borrowed from the runtime
//~ under: fg::Context
//~ help: write `&fg::Context`

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
