// row 34: the whole `Result` comes from the caller of a macro

macro_rules! greeter {
    ($returned:ty) => {
        #[fg::handler]
        async fn greet(event: String) -> $returned {
            unimplemented!("{event}")
        }
    };
}

struct Reply;

greeter!(Result<Vec<Reply>, fg::Error>);
//~ error[E0277]
//~ under: Vec<Reply>

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
