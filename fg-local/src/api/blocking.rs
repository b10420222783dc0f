//! Work that waits for the disk, away from the threads that answer requests.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::task::spawn_blocking;

use crate::app::App;
use crate::catalog::function::Function;
use crate::error::ApiError;
use crate::urn::FunctionName;

/// Does this on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "FSS.0500",
            "Internal server error: the work for this request has panicked; its message is in the \
             server's output",
        ))
    })
}

/// Changes a function, and writes it to the store.
pub(crate) async fn change<T: Send + 'static>(
    app: &Arc<App>,
    name: &FunctionName,
    change: impl FnOnce(&mut Function) -> Result<T, ApiError> + Send + 'static,
) -> Result<(Arc<Function>, T), ApiError> {
    let (app, name) = (Arc::clone(app), name.clone());
    blocking(move || app.catalog.change(&name, change)).await
}
