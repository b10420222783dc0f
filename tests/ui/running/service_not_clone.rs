// a service that cannot be cloned for each request

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

struct Shop;

impl tower::Service<fg::http::http::Request<fg::http::Body>> for Shop {
    type Response = fg::http::http::Response<fg::http::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: fg::http::http::Request<fg::http::Body>) -> Self::Future {
        ready(Ok(fg::http::http::Response::new(fg::http::Body::empty())))
    }
}

fn main() -> std::process::ExitCode {
    fg::Function::http(Shop).json_log(true).run()
    //~ error[E0277]
    //~ under: Shop
}
