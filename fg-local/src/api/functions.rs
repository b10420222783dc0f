//! Functions: create, list, show, update, pin and delete.

pub(super) mod body;
mod mounts;
pub(crate) mod view;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::blocking::{blocking, change};
use super::code::{NewCode, store_code};
use super::fields::{Fields, missing};
use super::request::{Body, Named, Page, PathFields, QueryFields};
use crate::app::App;
use crate::catalog::config::check_concurrency;
use crate::catalog::function::Function;
use crate::catalog::names::{check_function_name, check_package};
use crate::catalog::version::{Config, LATEST};
use crate::error::ApiError;
use crate::urn::{FunctionName, Qualifier};

use view::{function_view, listed_view};

/// The largest page of the list of functions.
const MAX_PAGE: usize = 400;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions", get(list))
        .route("/fgs/functions/{urn}", delete(remove))
        .route("/fgs/functions/{urn}/config", get(show).put(update))
        .route("/fgs/functions/{urn}/config-max-instance", put(update_max_instances))
        .route("/fgs/functions/{urn}/collect/{state}", put(pin))
}

/// The route whose body may have code.
pub(super) fn create_router() -> Router<Arc<App>> {
    Router::new().route("/fgs/functions", axum::routing::post(create))
}

type Answer = Result<Json<Map<String, Value>>, ApiError>;

async fn create(State(app): State<Arc<App>>, body: Body) -> Answer {
    let fields = body.fields();
    let name = function_name(fields)?;
    let mut config = Config::default();
    config.other.insert("type".into(), "v2".into());
    for (field, code) in
        [("runtime", "FSS.1005"), ("timeout", "FSS.1008"), ("memory_size", "FSS.1007")]
    {
        fields.get(field).ok_or_else(|| missing(field, code))?;
    }
    if fields.string("runtime", "FSS.1005")? == Some("Custom Image") {
        config.handler = "-".into();
        let image = fields.object("custom_image", "FSS.1034")?;
        if image.is_none_or(|image| image.as_map().is_empty()) {
            return Err(ApiError::bad_request(
                "FSS.1035",
                "The image does not exist: the runtime Custom Image needs custom_image with an \
                 image",
            ));
        }
    }
    body::apply(&mut config, fields)?;
    let code = NewCode::of_create(fields, &config.runtime)?;
    // Before the code is stored; creating the function checks it again.
    app.catalog.check_new(&name)?;
    let function = blocking({
        let app = Arc::clone(&app);
        move || {
            let code = store_code(&app, code)?;
            app.catalog.create(Function::new(name, config, code))
        }
    })
    .await?;
    Ok(Json(function_view(&app, &function, &function.latest)))
}

/// The name in a body that creates a function.
pub(super) fn function_name(fields: Fields<'_>) -> Result<FunctionName, ApiError> {
    let name = fields.required_string("func_name", "FSS.1002")?;
    let package = fields.string("package", "FSS.1004")?.filter(|name| !name.is_empty());
    let package = package.unwrap_or("default");
    check_function_name(name)?;
    check_package(package)?;
    Ok(FunctionName::new(package, name))
}

/// Pinned functions are first, then those by name.
async fn list(State(app): State<Arc<App>>, query: QueryFields) -> Result<Json<Value>, ApiError> {
    let page = Page::of(&query, "maxitems", MAX_PAGE, MAX_PAGE)?;
    let mut functions = app.catalog.list();
    functions.retain(|function| {
        query.get("package_name").is_none_or(|package| function.name.package == package)
            && query.get("func_name").is_none_or(|name| function.name.name.contains(name))
    });
    functions.sort_by_key(|function| !function.is_pinned);
    let count = functions.len();
    let (functions, next) = page.take(functions);
    let functions: Vec<_> =
        functions.iter().map(|function| listed_view(&app, function, &function.latest)).collect();
    Ok(Json(json!({"functions": functions, "next_marker": next, "count": count})))
}

async fn show(State(app): State<Arc<App>>, Named(named): Named) -> Answer {
    let function = app.catalog.find(&named)?;
    let version = function.named_version(named.qualifier.as_ref())?;
    Ok(Json(function_view(&app, &function, version)))
}

async fn update(State(app): State<Arc<App>>, Named(named): Named, body: Body) -> Answer {
    let function = app.catalog.find(&named)?;
    check_editable(&function, named.qualifier.as_ref())?;
    check_unchanged(&function, body.fields())?;
    let (function, ()) = change(&app, &function.name, move |function| {
        let mut config = function.latest.config.clone();
        body::apply(&mut config, body.fields())?;
        function.latest.config = config;
        function.latest.last_modified = Timestamp::now();
        Ok(())
    })
    .await?;
    Ok(Json(function_view(&app, &function, &function.latest)))
}

/// What was published stays as it is.
pub(super) fn check_editable(
    function: &Function,
    qualifier: Option<&Qualifier>,
) -> Result<(), ApiError> {
    let version = function.named_version(qualifier)?;
    if version.name == LATEST {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "FSS.1015",
        format!(
            "Invalid function version: {} is published and stays as it is; change `latest`, and \
             publish again",
            version.name
        ),
    ))
}

/// The name and the runtime of a function stay as they are. A package that differs does not count:
/// Terraform sends it.
fn check_unchanged(function: &Function, fields: Fields<'_>) -> Result<(), ApiError> {
    let name = fields.string("func_name", "FSS.1002")?.unwrap_or_default();
    if !name.is_empty() && name != function.name.name {
        return Err(ApiError::bad_request(
            "FSS.1002",
            format!("Invalid function name: {} cannot be renamed", function.name.name),
        ));
    }
    let runtime = fields.string("runtime", "FSS.1005")?.unwrap_or_default();
    let current = &function.latest.config.runtime;
    if !runtime.is_empty() && runtime != current {
        return Err(ApiError::bad_request(
            "FSS.1005",
            format!("Invalid runtime: that of a function cannot be changed; it is {current}"),
        ));
    }
    Ok(())
}

async fn update_max_instances(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: Body,
) -> Answer {
    let name = "max_instance_num";
    let number = body.fields().integer_or_string(name, "FSS.1026")?;
    let number = number.ok_or_else(|| missing(name, "FSS.1026"))?;
    check_concurrency(number)?;
    let number = i32::try_from(number).unwrap_or(-1);
    let function = app.catalog.find(&named)?;
    let wanted = function.named_version(named.qualifier.as_ref())?.name.clone();
    let (function, ()) = change(&app, &function.name, {
        let wanted = wanted.clone();
        move |function| {
            let published = function.versions.iter_mut().find(|version| version.name == wanted);
            published.unwrap_or(&mut function.latest).config.strategy.concurrency = number;
            Ok(())
        }
    })
    .await?;
    let version = function.version(&wanted)?;
    Ok(Json(function_view(&app, &function, version)))
}

async fn pin(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<StatusCode, ApiError> {
    let is_pinned = match path.get("state") {
        "true" => true,
        "false" => false,
        _ => {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: the path ends with collect/true or collect/false",
            ));
        }
    };
    let function = app.catalog.find(&named)?;
    change(&app, &function.name, move |function| {
        function.is_pinned = is_pinned;
        Ok(())
    })
    .await?;
    Ok(StatusCode::OK)
}

/// Without a version the whole function goes, with one that version, and with `!` an alias.
async fn remove(State(app): State<Arc<App>>, Named(named): Named) -> Result<StatusCode, ApiError> {
    let function = app.catalog.find(&named)?;
    match named.qualifier {
        None => {
            let (deleted, name) = (Arc::clone(&app), function.name.clone());
            blocking(move || deleted.catalog.delete(&name)).await?;
            clean_up(app, function);
        }
        Some(Qualifier::Version(version)) => {
            change(&app, &function.name, move |function| function.remove_version(&version)).await?;
        }
        Some(Qualifier::Alias(alias)) => {
            change(&app, &function.name, move |function| function.remove_alias(&alias)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the log and the metrics of a function that has been deleted. The invoker ends its
/// instances.
fn clean_up(app: Arc<App>, function: Arc<Function>) {
    tokio::task::spawn_blocking(move || {
        app.invoker.metrics().delete(&function.name);
        // A log that cannot be removed now is removed at the next start.
        if let Err(error) = app.logs.delete(&function) {
            app.invoker.report(&format!("the log of {}: {error}", function.name));
        }
    });
}
