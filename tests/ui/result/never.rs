// row 39: `!`

#[fg::handler]
async fn greet(event: String) -> ! {
//~ error: a handler must return `Result<T, E>`, so that the runtime can send a response
//~ under: !
//~ help: write `Result<(), fg::Error>`
    panic!("{event}")
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
