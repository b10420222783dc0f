// row 41: `impl Trait` as reply

#[fg::handler]
async fn greet(event: String) -> Result<impl serde::Serialize, fg::Error> {
//~ error: a handler must name its success and error types
//~ under: impl
//~ help: write them out, as in `Result<Reply, fg::Error>`
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
