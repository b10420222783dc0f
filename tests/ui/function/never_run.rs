// row 64: never run, which is a warning about the function and about nothing else

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
//~ warning[dead_code]
//~ under: greet
    Ok(event)
}

fn main() {}
