// row 11: the context after a state that is called `Context` too

use fg::Context as Cx;

struct Context;

async fn connect() -> Result<Context, fg::Error> {
    Ok(Context)
}

#[fg::handler(init = connect)]
async fn greet(event: String, app: &Context, ctx: &Cx) -> Result<String, fg::Error> {
//~ error[E0277]: `Context` cannot come before the last argument: only the context can, and the state is the last one
//~ under: Context
//~ label: neither the context nor the last argument
//~ note: the order is: the event, then `&fg::Context`, then the state that `init` makes; several states are one struct
    let Context = app;
    Ok(format!("{event} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
