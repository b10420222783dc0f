//! A handler of HTTP requests: behind API Gateway, as an HTTP function, or in a container image.
//!
//! `cargo run -q --example http_api --features http`, with `FG_MODE=server`, then `curl
//! localhost:8000/greet?name=Ada`

use fg::http::{Request, Response, StatusCode};

#[fg::handler]
async fn api(request: Request, ctx: &fg::Context) -> Result<Response, fg::Error> {
    ctx.logger().info(format_args!("{} {}", request.method(), request.uri()));
    match request.uri().path() {
        "/greet" => {
            let name = request.query().find_map(|(key, value)| (key == "name").then_some(value));
            Ok(Response::text(format!("Hello, {}!", name.as_deref().unwrap_or("whoever you are"))))
        }
        "/echo" => Ok(http::Response::new(request.into_inner().into_body()).into()),
        _ => Ok(Response::text("there is nothing here").with_status(StatusCode::NOT_FOUND)),
    }
}

fn main() -> std::process::ExitCode {
    fg::run::<api>()
}
