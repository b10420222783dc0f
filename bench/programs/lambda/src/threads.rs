//! The two flavours of tokio.

/// The expansion of `#[tokio::main]`, with the flavour from an environment variable.
pub(crate) fn tokio_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    match std::env::var("BENCH_THREADS").as_deref() {
        Ok("many") => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    }
}
