//! Work after the response: the caller does not wait for it, and it is finished before the next
//! event is polled.
//!
//! `echo '"Ada"' | cargo run -q --example after_response`

#[fg::handler]
async fn greet(name: String, ctx: &fg::Context) -> Result<String, fg::Error> {
    let response = format!("Hello, {name}!");
    let log = ctx.logger().clone();
    ctx.spawn_after(async move {
        // A real function would send a metric or write an audit record here.
        log.info(format_args!("{name} has been greeted"));
    });
    Ok(response)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
