//! What all routes share.

use std::sync::Arc;

use crate::api::log_settings::LogSwitches;
use crate::catalog::Catalog;
use crate::front::signature::Signatures;
use crate::gateway::ProjectPaths;
use crate::invoker::Invoker;
use crate::logs::LogStore;
use crate::store::Store;
use crate::urn::Place;

/// The state of the server.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) place: Place,
    /// The account, which IAM calls a domain.
    pub(crate) domain_id: String,
    pub(crate) store: Arc<Store>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) invoker: Arc<Invoker>,
    pub(crate) logs: Arc<LogStore>,
    pub(crate) log_switches: LogSwitches,
    /// The paths of the functions of the project.
    pub(crate) project_paths: ProjectPaths,
    /// The key pairs with which requests have to be signed.
    pub(crate) signatures: Signatures,
}
