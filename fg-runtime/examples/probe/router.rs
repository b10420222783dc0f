//! A router that is served by the runtime or by axum itself, so that a test can compare the two.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http_body_util::BodyExt;

/// Serves the router by axum or by the runtime.
pub(crate) fn run(by: &str) -> ExitCode {
    if by != "axum" {
        return fg_runtime::http::run_make_service(
            router().into_make_service_with_connect_info::<SocketAddr>(),
        );
    }
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it can be started");
    tokio.block_on(async {
        let listener =
            tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a port");
        println!("listening on 0.0.0.0:{}", listener.local_addr().expect("it is bound").port());
        let service = router().into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).await.expect("it serves");
    });
    ExitCode::SUCCESS
}

fn router() -> Router {
    Router::new()
        .route("/", get(async || "Hello!"))
        .route("/text", get(async || "text").post(async |text: String| text))
        .route("/bytes", post(async |bytes: Bytes| bytes))
        .route("/echo", any(async |request: Request| request.into_body()))
        .route("/trailers", post(trailers))
        .route("/unread", post(async || "unread"))
        .route("/empty", get(async || ()))
        .route("/status/{code}", any(status))
        .route(
            "/client",
            get(async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.ip().to_string()),
        )
        .route("/headers", any(headers))
        .route("/target", any(target))
        .route("/cookies", get(async || ([(header::SET_COOKIE, "a=1")], [("x-a", "b")], "cookies")))
        .route("/length", get(async || ([(header::CONTENT_LENGTH, "4")], Body::from("four"))))
        .route("/upgrade", any(upgrade))
        .fallback(async || (StatusCode::NOT_FOUND, "nothing here"))
}

async fn trailers(request: Request) -> String {
    let collected = request.into_body().collect().await.map_err(|error| error.to_string());
    collected.map_or_else(|error| error, |body| format!("{:?}", body.trailers()))
}

async fn status(axum::extract::Path(code): axum::extract::Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::IM_A_TEAPOT)
}

async fn headers(headers: HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.as_bytes().escape_ascii()))
        .collect()
}

async fn target(request: Request) -> String {
    let uri: &Uri = request.uri();
    format!("{} {uri} {:?}", request.method(), request.version())
}

/// Echoes the bytes after a 101.
async fn upgrade(mut request: Request) -> Response {
    let Some(upgraded) = request.extensions_mut().remove::<hyper::upgrade::OnUpgrade>() else {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    };
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let (mut input, mut output) = tokio::io::split(hyper_util::rt::TokioIo::new(upgraded));
            // An error ends the echo as well.
            let _ = tokio::io::copy(&mut input, &mut output).await;
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")])
        .into_response()
}
