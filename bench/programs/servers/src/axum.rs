//! An axum route, served by axum.

mod greeting;
mod router;
mod threads;

fn main() -> std::io::Result<()> {
    threads::tokio_runtime()?
        .block_on(async { axum::serve(threads::listen().await?, router::router()).await })
}
