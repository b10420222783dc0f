// row 95: `fg` has another name in Cargo.toml

#[derive(faas::ErrorCode)]
#[fg(crate = faas, code = "Shop.Closed")]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the shop is closed")
    }
}

#[faas::handler(crate = faas)]
async fn greet(event: String) -> Result<String, Closed> {
    if event.is_empty() { Err(Closed) } else { Ok(event) }
}

#[faas::handler(crate = "::faas")]
async fn farewell(event: String) -> Result<String, faas::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    faas::run::<(greet, farewell)>()
}
