// row 93: the handler as an argument; the line of ours that the compiler prints says how it is written

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn function() -> fg::Function<impl fg::Source> {
    fg::Function::of(greet)
    //~ error[E0061]
    //~ under: fg::Function::of
}

fn main() -> std::process::ExitCode {
    drop(function());
    fg::run(greet)
    //~ error[E0061]
    //~ under: fg::run
}
