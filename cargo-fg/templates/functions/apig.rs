use fg::events::apig::{ApigEvent, ApigResponse};
use serde_json::json;

/// Responds to a request from API Gateway.
#[fg::handler]
async fn handle(request: ApigEvent, ctx: &fg::Context) -> Result<ApigResponse, fg::Error> {
    let name = request.query.get("name").unwrap_or("world");
    ctx.logger()
        .info(format_args!("{} {}", request.http_method, request.path));
    let body = json!({"message": format!("Hello, {name}!"), "path": request.path});
    Ok(ApigResponse::json(&body)?.with_header("cache-control", "no-store"))
}

fn main() -> std::process::ExitCode {
    fg::run::<handle>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn responds_to_the_sample_request() {
        let request = fg::events::apig::fixture();
        let response = handle(request, &fg::Context::default()).await.unwrap();
        assert_eq!(response.status(), 200);
        let expected = br#"{"message":"Hello, world!","path":"/orders/7/items"}"#;
        assert_eq!(response.body(), expected);
    }
}
