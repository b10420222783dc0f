// row 24: a type inside the event does not implement `Deserialize`

struct Greeting {
    name: String,
}

#[fg::handler]
async fn greet(event: Vec<Greeting>, ctx: &fg::Context) -> Result<String, fg::Error> {
//~ error[E0277]
//~ under: Vec<Greeting>
    Ok(format!("{} {}", event[0].name, ctx.request_id()))
}

fn main() -> std::process::ExitCode {
    fg::run::<greet>()
}
