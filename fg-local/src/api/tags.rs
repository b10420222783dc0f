//! Tags of functions. Their paths have no `/fgs/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::blocking::change;
use super::fields::Fields;
use super::request::{Named, OptionalBody, PathFields};
use crate::app::App;
use crate::catalog::function::Function;
use crate::catalog::version::LATEST;
use crate::error::ApiError;

/// How many tags a resource has at most, and how long they are (Tag Management Service).
const MAX_TAGS: usize = 20;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 255;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/functions/tags", get(list_all))
        .route("/functions/resource-instances/{action}", post(filter))
        .route("/functions/{urn}/tags", get(list))
        .route("/functions/{urn}/tags/create", post(create))
        .route("/functions/{urn}/tags/delete", delete(remove))
}

async fn create(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: OptionalBody,
) -> Result<StatusCode, ApiError> {
    let tags = read(body.fields(), "create")?;
    let function = app.catalog.find(&named)?;
    change(&app, &function.name, move |function| {
        function.tags.extend(tags);
        if function.tags.len() <= MAX_TAGS {
            return Ok(());
        }
        Err(ApiError::bad_request(
            "FSS.0400",
            format!("Invalid parameter: a function has at most {MAX_TAGS} tags"),
        ))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A tag that is not there is not missed.
async fn remove(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: OptionalBody,
) -> Result<StatusCode, ApiError> {
    let tags = read(body.fields(), "delete")?;
    let function = app.catalog.find(&named)?;
    change(&app, &function.name, move |function| {
        function.tags.retain(|key, _| !tags.contains_key(key));
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(fields: Fields<'_>, expected: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let invalid =
        |reason: String| ApiError::bad_request("FSS.0400", format!("Invalid parameter: {reason}"));
    let action = fields.string("action", "FSS.0400")?.unwrap_or_default();
    if !["", expected].contains(&action) {
        return Err(invalid(format!("the action of this path is {expected}")));
    }
    let list = fields.objects("tags", "FSS.0400")?.unwrap_or_default();
    let system = fields.objects("sys_tags", "FSS.0400")?.unwrap_or_default();
    if list.is_empty() && system.is_empty() {
        return Err(invalid("tags is empty".into()));
    }
    let mut tags = BTreeMap::new();
    for tag in list {
        let key = tag.required_string("key", "FSS.0400")?;
        let value = tag.string("value", "FSS.0400")?.unwrap_or_default();
        let is_text = |text: &str| !text.contains(char::is_control);
        let is_key = (1..=MAX_KEY).contains(&key.chars().count()) && is_text(key);
        if !is_key || value.chars().count() > MAX_VALUE || !is_text(value) {
            return Err(invalid(format!(
                "the key of a tag has 1 to {MAX_KEY} characters, and its value at most {MAX_VALUE}"
            )));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    Ok(tags)
}

async fn list(State(app): State<Arc<App>>, Named(named): Named) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    Ok(Json(json!({"tags": tags(&function), "sys_tags": system_tags(&function)})))
}

fn tags(function: &Function) -> Vec<Value> {
    function.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// The platform's own tag.
fn system_tags(function: &Function) -> Value {
    json!([{"key": "_sys_enterprise_project_id", "value": enterprise_project(function)}])
}

fn enterprise_project(function: &Function) -> &str {
    let project = function.latest.config.other.get("enterprise_project_id");
    project.and_then(Value::as_str).unwrap_or("0")
}

/// All keys with their values.
async fn list_all(State(app): State<Arc<App>>) -> Json<Value> {
    let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut projects = BTreeSet::new();
    for function in app.catalog.list() {
        for (key, value) in &function.tags {
            tags.entry(key.clone()).or_default().insert(value.clone());
        }
        projects.insert(enterprise_project(&function).to_owned());
    }
    let tags: Vec<_> =
        tags.iter().map(|(key, values)| json!({"key": key, "values": values})).collect();
    let system = json!([{"key": "_sys_enterprise_project_id", "values": projects}]);
    Json(json!({"tags": tags, "sys_tags": system}))
}

/// Functions by their names and tags: `filter` lists them, `count` counts them. `limit` and
/// `offset` come as strings or as numbers.
async fn filter(
    State(app): State<Arc<App>>,
    path: PathFields,
    body: OptionalBody,
) -> Result<Json<Value>, ApiError> {
    let fields = body.fields();
    let number = |name: &str, default: usize| {
        let number = fields.integer_or_string(name, "FSS.0400")?;
        Ok::<_, ApiError>(number.map_or(default, |number| usize::try_from(number).unwrap_or(0)))
    };
    let (limit, offset) = (number("limit", 1000)?.clamp(1, 1000), number("offset", 0)?);
    let mut functions = app.catalog.list();
    if fields.flag("without_any_tag", "FSS.0400")?.unwrap_or(false) {
        functions.retain(|function| function.tags.is_empty());
    }
    for wanted in fields.objects("matches", "FSS.0400")?.unwrap_or_default() {
        let key = wanted.required_string("key", "FSS.0400")?;
        let value = wanted.string("value", "FSS.0400")?.unwrap_or_default();
        if key != "resource_name" {
            return Err(ApiError::bad_request(
                "FSS.0400",
                "Invalid parameter: the key in matches is resource_name",
            ));
        }
        functions.retain(|function| function.name.name.contains(value));
    }
    for wanted in fields.objects("tags", "FSS.0400")?.unwrap_or_default() {
        let key = wanted.required_string("key", "FSS.0400")?;
        let values = wanted.list("values", "FSS.0400")?.unwrap_or_default();
        functions.retain(|function| {
            let value = function.tags.get(key);
            let is_wanted = |value: &String| values.iter().any(|one| one == value.as_str());
            value.is_some_and(|value| values.is_empty() || is_wanted(value))
        });
    }
    let total = functions.len();
    match path.get("action") {
        "count" => Ok(Json(json!({"total_count": total}))),
        "filter" => {
            let resources = functions.iter().skip(offset).take(limit);
            let resources: Vec<_> = resources.map(|function| resource(&app, function)).collect();
            Ok(Json(json!({"resources": resources, "total_count": total})))
        }
        _ => Err(ApiError::bad_request(
            "FSS.0400",
            "Invalid parameter: the path ends with resource-instances/filter or \
             resource-instances/count",
        )),
    }
}

fn resource(app: &App, function: &Function) -> Value {
    json!({
        "resource_id": function.id,
        "resource_name": function.name.name,
        "resource_detail": {"detailId": app.place.urn(&function.name, LATEST)},
        "tags": tags(function),
        "sys_tags": system_tags(function),
    })
}
