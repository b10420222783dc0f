// row 73: a `Box<dyn Error>` in the body is alive at an `.await`

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ error
//~ under: greet
    let failed: Result<u32, Box<dyn std::error::Error>> = event.parse().map_err(Into::into);
    tokio::task::yield_now().await;
    Ok(format!("{failed:?}"))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
