// row 72: a `MutexGuard` is alive at an `.await`

static COUNT: std::sync::Mutex<u32> = std::sync::Mutex::new(0);

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ error
//~ under: greet
    let mut count = COUNT.lock().map_err(|_| "poisoned")?;
    tokio::task::yield_now().await;
    *count += 1;
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
