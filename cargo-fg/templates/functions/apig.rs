use fg::events::apig::{ApigEvent, ApigResponse};
use serde_json::json;

/// Answers a request of API Gateway.
#[fg::handler]
async fn handle(request: ApigEvent, ctx: &fg::Context) -> Result<ApigResponse, fg::Error> {
    let name = request.query.get("name").unwrap_or("world");
    ctx.logger()
        .info(format_args!("{} {}", request.http_method, request.path));
    let answer = json!({"message": format!("Hello, {name}!"), "path": request.path});
    Ok(ApigResponse::json(&answer)?.with_header("cache-control", "no-store"))
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sample_request_is_answered() {
        let request = fg::events::apig::fixture();
        let response = handle(request, &fg::Context::default()).await.unwrap();
        assert_eq!(response.status(), 200);
        let expected = br#"{"message":"Hello, world!","path":"/orders/7/items"}"#;
        assert_eq!(response.body(), expected);
    }
}
