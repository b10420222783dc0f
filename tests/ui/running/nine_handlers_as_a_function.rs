// a tuple of nine handlers as a function

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    type Nine = (greet, greet, greet, greet, greet, greet, greet, greet, greet);
    fg::Function::of::<Nine>().json_log(true).run()
    //~ first error[E0277]: `(greet, greet, greet, greet, greet, greet, greet, greet, greet)` is not a FunctionGraph handler
    //~ label: not a handler, nor a tuple of two to eight of them
    //~ under: Nine
}
