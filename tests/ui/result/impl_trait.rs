// row 41: `impl Trait` instead of a `Result`; as a part of one it is accepted

#[fg::handler]
async fn greet(event: String) -> impl serde::Serialize {
//~ error: a handler must return `Result<T, E>`
//~ under: impl
//~ help: write it out, as in `Result<impl serde::Serialize, fg::Error>`
    event
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
