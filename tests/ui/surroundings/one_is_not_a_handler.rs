// row 93: of two, one is not a handler

struct Farewell;

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::run::<(greet, Farewell)>()
    //~ error[E0277]: `(greet, Farewell)` is not a FunctionGraph handler
    //~ under: (greet, Farewell)
    //~ label: not a handler, nor a tuple of two to eight of them
    //~ note: put `#[fg::handler]` on the function and name the function here
}
