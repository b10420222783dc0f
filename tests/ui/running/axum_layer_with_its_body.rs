// what the message about an axum layer advises compiles

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

async fn guard(request: Request, next: Next) -> Response {
    next.run(request).await
}

fn main() -> std::process::ExitCode {
    let _ = fg::Function::http(axum::Router::new().layer(from_fn(guard))).run();
    fg::Function::of::<greet>()
        .layer_of::<axum::body::Body, _, _>(from_fn(guard))
        .layer(tower::layer::util::Identity::new())
        .json_log(true)
        .run()
}
