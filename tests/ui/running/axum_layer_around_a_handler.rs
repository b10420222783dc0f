// a layer that is written for axum around a handler, and what comes after it is not reported again

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
    fg::Function::of::<greet>()
        .layer(from_fn(guard))
        //~ error[E0277]
        //~ under: from_fn(guard)
        .layer(tower::layer::util::Identity::new())
        .json_log(true)
        .run()
}
