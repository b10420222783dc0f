// row 36: `()`

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> () {
//~ error[E0277]: a FunctionGraph handler must return `Result<T, E>`, not `()`
//~ under: ()
//~ label: expected a `Result`
//~ note: write `-> Result<(), fg::Error>` and end the function with `Ok(..)`
    drop((event, ctx));
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
