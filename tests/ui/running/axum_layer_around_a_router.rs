// a layer that is written for axum around a router as a function

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;

async fn guard(request: Request, next: Next) -> Response {
    next.run(request).await
}

fn main() -> std::process::ExitCode {
    fg::Function::http(axum::Router::new())
        .layer(from_fn(guard))
        //~ error[E0277]
        //~ under: from_fn(guard)
        .run()
}
