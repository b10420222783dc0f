use axum::Router;
use axum::extract::Path;
use axum::routing::get;

fn router() -> Router {
    Router::new().route("/hello/{name}", get(hello))
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

fn main() -> std::process::ExitCode {
    fg::http::run(router())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_greets() {
        assert_eq!(hello(Path("Ada".into())).await, "Hello, Ada!");
    }
}
