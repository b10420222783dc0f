// row 34: the event's type comes from the caller of a macro

macro_rules! greeter {
    ($event:ty) => {
        #[fg::handler]
        async fn greet(event: $event, ctx: &fg::Context) -> Result<String, fg::Error> {
            drop(event);
            Ok(ctx.request_id().to_owned())
        }
    };
}

struct Greeting;

greeter!(Greeting);
//~ error[E0277]: `Greeting` cannot be the event of a FunctionGraph handler
//~ under: Greeting
//~ label: cannot be read from the JSON payload
//~ note: the first argument of a handler must implement `serde::Deserialize`; for the untouched bytes take `fg::Raw<'_>`
//~ note: for a type of this crate, add `#[derive(serde::Deserialize)]` to it

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
