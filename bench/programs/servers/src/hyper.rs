//! A bare hyper service that collects and deserializes the body, and serializes the response. No
//! routes, no limits.

use std::convert::Infallible;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;

mod greeting;
mod threads;

async fn greet(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match answer(request).await {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string().into_bytes()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn answer(request: Request<Incoming>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let body = request.into_body().collect().await?.to_bytes();
    let greeting: greeting::Greeting = serde_json::from_slice(&body)?;
    Ok(serde_json::to_vec(&greeting.answer())?)
}

fn main() -> std::io::Result<()> {
    threads::tokio_runtime()?.block_on(async {
        let listener = threads::listen().await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                // An error means that the client has disconnected.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(greet))
                    .await;
            });
        }
    })
}
