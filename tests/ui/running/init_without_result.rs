// the init phase of a service does not return a `Result`

async fn connect(_ctx: &fg::Context) -> axum::Router {
    axum::Router::new()
}

fn main() -> std::process::ExitCode {
    fg::Function::http_with(connect).layer(tower::layer::util::Identity::new()).run()
    //~ error[E0277]
    //~ under: connect
}
