//! An HTTP service whose behaviour depends on the path of the request.

use std::process::ExitCode;

use fg_core::{Context, Failure};
use fg_http::{Body, Bytes, HeaderMap, HeaderName};
use fg_runtime::Function;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tower::layer::util::Identity;
use tower::service_fn;
use tower::util::BoxCloneService;

use crate::stream::stream_of;

/// Creates the service that `PROBE_SERVICE` selects: a service as a value, or one with an init
/// phase and a layer.
pub(crate) fn run(is_set: impl Fn(&str) -> bool) -> Option<ExitCode> {
    let asked = std::env::var("PROBE_SERVICE").ok()?;
    if asked == "init" {
        return Some(Function::http_with(connect).layer(Identity::new()).run());
    }
    let function = Function::http(service());
    Some(if is_set("PROBE_ROUTES") { function.platform_routes(true).run() } else { function.run() })
}

/// A service that is `Clone` and `Send`, but not `Sync`.
type Service = BoxCloneService<Request<Body>, Response<Body>, Failure>;

fn service() -> Service {
    BoxCloneService::new(service_fn(respond))
}

async fn connect(ctx: &Context) -> Result<Service, Failure> {
    match ctx.user_data("PROBE_INIT") {
        Some("fails") => return Err(Failure::new("DatabaseDown", "no connection at db:5432")),
        Some(address) => crate::act::wait_at(address).await,
        None => {}
    }
    for name in ["opened first", "opened second"] {
        let logger = ctx.logger().clone();
        ctx.before_stop(async move { logger.info(format_args!("closed what was {name}")) });
    }
    Ok(service())
}

async fn respond(request: Request<Body>) -> Result<Response<Body>, Failure> {
    let ctx = request.extensions().get::<Context>().expect("each request has one").clone();
    match request.uri().path() {
        // Echoes the chunks as they arrive.
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
        "/panic" => panic!("cannot connect to postgres://app:hunter2@10.0.0.5"),
        "/upgrade" => Ok(upgrade(request, ctx)),
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

/// Upgrades the connection to an echo that sends a greeting first.
fn upgrade(mut request: Request<Body>, ctx: Context) -> Response<Body> {
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let (mut input, mut output) = tokio::io::split(TokioIo::new(upgraded));
        if output.write_all(b"ready\n").await.is_ok() {
            // An error ends the echo as well.
            let _ = tokio::io::copy(&mut input, &mut output).await;
        }
        ctx.logger().info("the echo has ended");
    });
    let response =
        Response::builder().status(101).header("connection", "upgrade").header("upgrade", "echo");
    response.body(Body::empty()).expect("it is valid")
}

async fn collect(body: Body) -> Result<Bytes, Failure> {
    let body = body.collect().await.map_err(|error| Failure::new("Unread", error.to_string()))?;
    Ok(body.to_bytes())
}

fn names_of(headers: &HeaderMap) -> String {
    headers.keys().map(HeaderName::as_str).collect::<Vec<_>>().join(" ")
}
