// row 72: a value that must stay on its thread is alive at an `.await`

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error
//~ under: greet
    let shared = std::rc::Rc::new(event);
    tokio::task::yield_now().await;
    Ok(format!("{shared} {}", ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
