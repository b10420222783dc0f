// a handler, or a router, where a function is asked for

#[fg::handler]
async fn greet(event: String) -> Result<String, fg::Error> {
    Ok(event)
}

async fn test() {
    let _ = fg::testing::invoke(greet, b"{}").await;
    //~ error[E0308]
    //~ under: greet
    let _ = fg::testing::invoke(axum::Router::new(), b"{}").await;
    //~ error[E0308]
    //~ under: axum::Router::new()
}

fn main() {
    drop(test());
}
