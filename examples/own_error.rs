//! An error type of your own: its code is the `errorType` that the caller sees.
//!
//! `echo '{"item":"coffee","pieces":2}' | cargo run -q --example own_error`

use serde::Deserialize;

#[derive(Debug, thiserror::Error, fg::ErrorCode)]
enum OrderError {
    #[error("there is no {0}")]
    #[fg(code = "Order.NotFound")]
    NotFound(String),

    #[error("only {left} left")]
    #[fg(code = "Order.OutOfStock")]
    OutOfStock { left: u32 },
}

#[derive(Deserialize)]
struct Order {
    item: String,
    pieces: u32,
}

#[fg::handler]
async fn order(event: Order) -> Result<(), OrderError> {
    match event.item.as_str() {
        "tea" if event.pieces <= 5 => Ok(()),
        "tea" => Err(OrderError::OutOfStock { left: 5 }),
        _ => Err(OrderError::NotFound(event.item)),
    }
}

fn main() -> std::process::ExitCode {
    fg::run::<order>()
}
