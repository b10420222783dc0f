// row 93: the handler as an argument; the line of ours that the compiler prints says how it is written

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

async fn serve() -> std::process::ExitCode {
    fg::serve(greet).await
    //~ error[E0061]
    //~ under: fg::serve
}

fn main() -> std::process::ExitCode {
    drop(serve());
    fg::Runtime::new().run(greet);
    //~ error[E0061]
    //~ under: run
    fg::run(greet)
    //~ error[E0061]
    //~ under: fg::run
}
