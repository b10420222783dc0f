//! Triggers: create, list, show, update and delete.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::blocking::blocking;
use super::fields::Fields;
use super::functions::view::time;
use super::request::{Body, Named, Page, PathFields, QueryFields};
use crate::app::App;
use crate::catalog::function::{Function, Trigger};
use crate::catalog::id::derived_uuid;
use crate::catalog::trigger::{check_conflicts, trigger_type};
use crate::error::ApiError;
use crate::urn::Qualifier;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/triggers", get(list_all))
        .route("/fgs/triggers/{urn}", get(list).post(create).delete(remove_all))
        .route("/fgs/triggers/{urn}/{type}/{id}", get(show).put(update).delete(remove))
}

async fn create(
    State(app): State<Arc<App>>,
    Named(named): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let fields = body.fields();
    let kind = trigger_type(fields.required_string("trigger_type_code", "FSS.1101")?)?;
    let status = fields.string("trigger_status", "FSS.0400")?.filter(|status| !status.is_empty());
    let data = fields.object("event_data", kind.invalid)?;
    let data = data.map(|data| data.as_map().clone()).unwrap_or_default();
    let function = app.catalog.find(&named)?;
    let qualifier = function.qualifier_key(named.qualifier.as_ref())?;
    let trigger = Trigger::new(kind, qualifier, status, data, Timestamp::now())?;
    let (function, trigger) = write(&app, function, move |function, all| {
        check_conflicts(&trigger, function, all)?;
        function.add_trigger(trigger.clone())?;
        Ok(trigger)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(view(&app, &function, &trigger, &headers))))
}

/// Changes the triggers of a function, knowing those of all.
async fn write<T: Send + 'static>(
    app: &Arc<App>,
    function: Arc<Function>,
    change: impl FnOnce(&mut Function, &[Arc<Function>]) -> Result<T, ApiError> + Send + 'static,
) -> Result<(Arc<Function>, T), ApiError> {
    let app = Arc::clone(app);
    blocking(move || {
        app.catalog.change(&function.name, |function| change(function, &app.catalog.list()))
    })
    .await
}

/// Without a version in the URN those of all versions, else those of this version or alias.
async fn list(
    State(app): State<Arc<App>>,
    Named(named): Named,
    headers: HeaderMap,
) -> Result<Json<Vec<Value>>, ApiError> {
    let function = app.catalog.find(&named)?;
    function.named_version(named.qualifier.as_ref())?;
    let triggers = function.triggers.iter().filter(|trigger| is_of(trigger, &named.qualifier));
    Ok(Json(triggers.map(|trigger| view(&app, &function, trigger, &headers)).collect()))
}

fn is_of(trigger: &Trigger, qualifier: &Option<Qualifier>) -> bool {
    qualifier.as_ref().is_none_or(|qualifier| qualifier.to_string() == trigger.qualifier)
}

/// The triggers of all functions, in pages.
async fn list_all(
    State(app): State<Arc<App>>,
    query: QueryFields,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let page = Page::of(&query, "maxitems", 500, 500)?;
    let kind = query.get("trigger_type");
    let functions = app.catalog.list();
    let triggers: Vec<_> = functions
        .iter()
        .flat_map(|function| function.triggers.iter().map(move |trigger| (function, trigger)))
        .filter(|(_, trigger)| kind.is_none_or(|kind| trigger.type_code == kind))
        .collect();
    let count = triggers.len();
    let (triggers, next) = page.take(triggers);
    let view = |(function, trigger): &(&Arc<Function>, &Trigger)| {
        let mut view = view(&app, function, trigger, &headers);
        view["func_urn"] = app.place.urn(&function.name, &trigger.qualifier).into();
        view
    };
    let triggers: Vec<_> = triggers.iter().map(view).collect();
    Ok(Json(json!({"triggers": triggers, "next_marker": next, "count": count})))
}

async fn show(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let trigger = &function.triggers[position(&function, &path)?];
    Ok(Json(view(&app, &function, trigger, &headers)))
}

async fn update(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    position(&function, &path)?;
    let fields = body.fields();
    let status = fields.string("trigger_status", "FSS.0400")?.filter(|status| !status.is_empty());
    let status = status.map(ToOwned::to_owned);
    let changes = read_changes(fields)?;
    let (function, trigger) = write(&app, function, move |function, all| {
        let at = position(function, &path)?;
        let mut trigger = function.triggers[at].clone();
        trigger.update(status.as_deref(), changes, Timestamp::now())?;
        check_conflicts(&trigger, function, all)?;
        function.triggers[at] = trigger.clone();
        Ok(trigger)
    })
    .await?;
    Ok(Json(view(&app, &function, &trigger, &headers)))
}

/// The data to change: an object, or an array of objects, since the documents and Terraform differ.
fn read_changes(fields: Fields<'_>) -> Result<Map<String, Value>, ApiError> {
    const NAME: &str = "event_data";
    if !matches!(fields.get(NAME), Some(Value::Array(_))) {
        let object = fields.object(NAME, "FSS.0400")?;
        return Ok(object.map(|object| object.as_map().clone()).unwrap_or_default());
    }
    let objects = fields.objects(NAME, "FSS.0400")?.unwrap_or_default();
    Ok(objects.into_iter().flat_map(|object| object.as_map().clone()).collect())
}

async fn remove(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<StatusCode, ApiError> {
    let function = app.catalog.find(&named)?;
    write(&app, function, move |function, _| {
        let at = position(function, &path)?;
        function.triggers.remove(at);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_all(
    State(app): State<Arc<App>>,
    Named(named): Named,
) -> Result<StatusCode, ApiError> {
    let function = app.catalog.find(&named)?;
    function.named_version(named.qualifier.as_ref())?;
    write(&app, function, move |function, _| {
        function.triggers.retain(|trigger| !is_of(trigger, &named.qualifier));
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where the trigger with the type and the id in the path is. Its version does not count: Terraform
/// names the function without one.
fn position(function: &Function, path: &PathFields) -> Result<usize, ApiError> {
    let (code, id) = (path.get("type"), path.get("id"));
    let missing = trigger_type(code).map_or("FSS.1137", |kind| kind.missing);
    let mut triggers = function.triggers.iter();
    triggers.position(|trigger| trigger.id == id && trigger.type_code == code).ok_or_else(|| {
        ApiError::not_found(
            missing,
            format!("The trigger does not exist: {} has no {code} trigger {id}", function.name),
        )
    })
}

fn view(app: &App, function: &Function, trigger: &Trigger, headers: &HeaderMap) -> Value {
    let mut data = trigger.event_data.clone();
    let added = match &*trigger.type_code {
        "APIG" | "DEDICATEDGATEWAY" | "APIC" => {
            data.insert("func_info".into(), function_info(app, function, trigger));
            api_fields(function, trigger, headers)
        }
        "DIS" => {
            // Requests have it as a flag or as a string; the models of answers as a string.
            if let Some(Value::Bool(is_serial)) = data.get("is_serial") {
                data.insert("is_serial".into(), is_serial.to_string().into());
            }
            Value::Null
        }
        "DDS" | "GAUSSMONGO" => json!({"db_user": "", "instance_addrs": [], "mode": ""}),
        _ => Value::Null,
    };
    if let Value::Object(added) = added {
        for (name, value) in added {
            data.entry(name).or_insert(value);
        }
    }
    json!({
        "trigger_id": trigger.id,
        "trigger_type_code": trigger.type_code,
        "trigger_status": if trigger.is_active { "ACTIVE" } else { "DISABLED" },
        "event_data": data,
        "last_updated_time": time(trigger.last_updated),
        "created_time": time(trigger.created),
    })
}

/// What API Gateway adds. The URL is that of this server, as the caller knows it.
fn api_fields(function: &Function, trigger: &Trigger, headers: &HeaderMap) -> Value {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path = trigger.event_data.get("path").and_then(Value::as_str).unwrap_or("/");
    let name = format!("API_{}", function.name.name);
    json!({
        "triggerid": trigger.id,
        "api_id": derived_uuid(&format!("api {}", trigger.id)).replace('-', ""),
        "api_name": trigger.event_data.get("name").and_then(Value::as_str).unwrap_or(&name),
        "name": name,
        "group_name": "APIGroup_local",
        "invoke_url": format!("http://{host}{path}"),
        "roma_app_id": "",
        "backend_type": "FUNCTION",
        "sl_domain": host,
    })
}

fn function_info(app: &App, function: &Function, trigger: &Trigger) -> Value {
    let mut info = trigger.event_data.get("func_info").cloned().unwrap_or_else(|| json!({}));
    if let Value::Object(info) = &mut info {
        let version = Value::from(trigger.qualifier.clone());
        for (name, value) in [
            ("function_urn", app.place.bare_urn(&function.name).into()),
            ("invocation_type", "sync".into()),
            ("version", version),
        ] {
            let is_set = info.get(name).and_then(Value::as_str).is_some_and(|set| !set.is_empty());
            if !is_set {
                info.insert(name.to_owned(), value);
            }
        }
    }
    info
}
