// row 11: the state as `&[u8]`

async fn connect() -> Result<Vec<u8>, fg::Error> {
    Ok(Vec::new())
}

#[fg::handler(init = connect)]
async fn greet(event: String, names: &[u8]) -> Result<String, fg::Error> {
//~ error: the state needs a type of known size
//~ under: [u8]
//~ help: write `&Vec<u8>`
    Ok(format!("{event} {}", names.len()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
