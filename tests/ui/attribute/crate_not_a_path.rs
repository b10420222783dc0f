// row 87: no path as `crate`

#[fg::handler(crate = "fa as")]
//~ error: `crate` takes a path, as in `crate = fg`
//~ under: "fa as"
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
