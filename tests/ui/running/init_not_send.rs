// the init phase of a service holds what cannot be sent over an `.await`

use std::rc::Rc;

async fn connect(_ctx: &fg::Context) -> Result<axum::Router, fg::Error> {
    let held = Rc::new(1);
    std::future::ready(()).await;
    drop(held);
    Ok(axum::Router::new())
}

fn main() -> std::process::ExitCode {
    fg::Function::http_with(connect).run()
    //~ error[E0277]
    //~ under: connect
}
