// the second layer of a tuple of handlers does not fit

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

#[fg::handler]
async fn farewell(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

fn main() -> std::process::ExitCode {
    fg::Function::of::<(greet, farewell)>()
        .layer(tower::layer::util::Identity::new())
        .layer(5)
        //~ error[E0277]
        //~ under: 5
        .run()
}
