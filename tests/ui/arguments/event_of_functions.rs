// row 33: the lifetime of a `for<'x>` is not the function's own and stays

#[fg::handler]
async fn greet(event: Box<dyn for<'x> Fn(&'x str)>) -> Result<String, fg::Error> {
//~ error[E0277]
//~ under: Box<dyn for<'x> Fn(&'x str)>
    event("Ada");
    Ok(String::new())
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
