// row 75: a half-typed body has the compiler's errors, loses no type error, and has none of ours

#[derive(serde::Deserialize)]
struct Greeting {
    name: String,
}

struct Reply {
    count: u32,
}

#[fg::handler]
async fn greet(event: Greeting, ctx: &fg::Context) -> Result<u32, fg::Error> {
    let reply = Reply { count: 3. };
    //~ error[E0308]
    //~ under: 3.
    let count: u32 = ctx.request_id();
    //~ error[E0308]
    //~ under: ctx.request_id()
    event.
    //~ error[E0308]
    //~ under: event
}
//~ error
//~ under: }

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
