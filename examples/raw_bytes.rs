//! Bytes in and bytes out: nothing is parsed, nothing is encoded.
//!
//! `printf 'name,price\ntea,3\n' | cargo run -q --example raw_bytes`

#[fg::handler]
async fn upper_case(payload: fg::Raw<'_>) -> Result<fg::RawResponse, fg::Error> {
    Ok(fg::RawResponse::new(payload.to_ascii_uppercase()).with_content_type("text/csv"))
}

fn main() -> std::process::ExitCode {
    fg::run::<upper_case>()
}
