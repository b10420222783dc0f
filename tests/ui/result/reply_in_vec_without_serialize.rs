// row 43: a type inside the reply does not implement `Serialize`

struct Reply {
    message: String,
}

#[fg::handler]
async fn greet(event: String, ctx: &fg::Context) -> Result<Vec<Reply>, fg::Error> {
//~ error[E0277]
//~ under: Vec<Reply>
    Ok(vec![Reply { message: format!("{event} {}", ctx.request_id()) }])
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
