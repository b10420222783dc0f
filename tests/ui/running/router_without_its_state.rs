// a router that has not been given its state

fn main() -> std::process::ExitCode {
    let router: axum::Router<u8> = axum::Router::new();
    fg::http::run(router)
    //~ error[E0277]
    //~ under: router
}
