use axum::Router;
use axum::extract::Path;
use axum::routing::get;

fn router() -> Router {
    let hello = |Path(name): Path<String>| async move { greeting(&name) };
    Router::new().route("/hello/{name}", get(hello))
}

fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

fn main() -> std::process::ExitCode {
    fg::http::run(router())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_greets() {
        assert_eq!(greeting("Ada"), "Hello, Ada!");
    }
}
