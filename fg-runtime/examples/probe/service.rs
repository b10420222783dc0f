//! An HTTP service that does what the path of a request says.

use fg_core::{Context, Failure};
use fg_http::{Body, Bytes, HeaderMap, HeaderName};
use http::{Request, Response};
use http_body_util::BodyExt;

use crate::stream::stream_of;

pub(crate) async fn respond(request: Request<Body>) -> Result<Response<Body>, Failure> {
    let ctx = request.extensions().get::<Context>().expect("each request has one").clone();
    match request.uri().path() {
        // As it comes.
        "/echo" => Ok(Response::new(request.into_body())),
        "/steps" => {
            let steps = collect(request.into_body()).await?;
            Ok(Response::new(Body::from(stream_of(&steps, &ctx)?.into_body())))
        }
        "/headers" => Ok(Response::new(names_of(request.headers()).into())),
        "/path" => Ok(Response::new(request.uri().to_string().into())),
        "/context" => {
            let token = ctx.token().map_or("none", fg_core::Secret::expose);
            Ok(Response::new(format!("{} {token}", ctx.request_id()).into()))
        }
        "/panic" => panic!("in a service"),
        "/block" => loop {
            std::thread::park();
        },
        "/hang" => std::future::pending().await,
        "/fail" => Err(Failure::new("Shop.Closed", "come back tomorrow")),
        path => {
            let mut response = Response::new(format!("nothing at {path}").into());
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            Ok(response)
        }
    }
}

async fn collect(body: Body) -> Result<Bytes, Failure> {
    let body = body.collect().await.map_err(|error| Failure::new("Unread", error.to_string()))?;
    Ok(body.to_bytes())
}

fn names_of(headers: &HeaderMap) -> String {
    headers.keys().map(HeaderName::as_str).collect::<Vec<_>>().join(" ")
}
