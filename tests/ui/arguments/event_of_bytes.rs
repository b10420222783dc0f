// row 31: `&[u8]`, which serde would read from a JSON string

#[fg::handler]
async fn greet(event: &[u8]) -> Result<usize, fg::Error> {
//~ error: `&[u8]` would be read from a JSON string
//~ under: &[u8]
//~ help: take `fg::Raw<'_>` for the untouched payload
    Ok(event.len())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
