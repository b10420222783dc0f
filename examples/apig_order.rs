//! API Gateway: accepts an order, and responds with 201, 400 or 404.
//!
//! `cargo run -q --example apig_order --features events-apig < fg-events/fixtures/apig.json`

use fg::events::apig::{ApigEvent, ApigResponse};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Item {
    item: String,
    pieces: u32,
}

#[derive(Serialize)]
struct Accepted<'a> {
    order: &'a str,
    text: String,
    dry_run: bool,
}

#[fg::handler]
async fn order(request: ApigEvent) -> Result<ApigResponse, fg::Error> {
    let Some(order) = request.path_parameters.get("order") else {
        return Ok(ApigResponse::from("there is no such page").with_status(404));
    };
    // What the client got wrong is an answer; an error would be the function's fault, and a 500.
    let item: Item = match request.body_json() {
        Ok(item) => item,
        Err(error) => return Ok(ApigResponse::from(error.to_string()).with_status(400)),
    };
    let text = format!("{} x {}", item.pieces, item.item);
    let accepted = Accepted { order, text, dry_run: request.query.get("dry_run") == Some("true") };
    Ok(ApigResponse::json(&accepted)?
        .with_status(201)
        .with_cookie(format!("last={order}; HttpOnly")))
}

fn main() -> std::process::ExitCode {
    fg::run::<order>()
}
