// row 94: `fg` has another name in Cargo.toml, and nothing says so

#[faas::handler]
//~ error[E0432]
//~ under: #[faas::handler]
async fn greet(event: String) -> Result<String, faas::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    faas::run::<greet>()
}
