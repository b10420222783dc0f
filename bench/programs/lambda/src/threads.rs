//! The two flavours of tokio.

/// What `#[tokio::main]` expands to, with the flavour from a variable.
pub(crate) fn tokio_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    match std::env::var("BENCH_THREADS").as_deref() {
        Ok("many") => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    }
}
