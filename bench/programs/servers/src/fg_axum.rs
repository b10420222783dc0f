//! The same axum route, served by fg.

mod greeting;
mod router;

fn main() -> std::process::ExitCode {
    fg::http::run(router::router())
}
