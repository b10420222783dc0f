// row 95: `fg` has another name in Cargo.toml

#[faas::handler(crate = faas)]
async fn greet(event: String) -> Result<String, faas::Error> {
    Ok(event)
}

#[faas::handler(crate = "::faas")]
async fn farewell(event: String) -> Result<String, faas::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    faas::run::<(greet, farewell)>()
}
