//! Aliases of versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::blocking::change;
use super::fields::Fields;
use super::functions::view::time;
use super::request::{Body, Named, PathFields};
use crate::app::App;
use crate::catalog::alias::{Alias, HeaderRule, VersionStrategy, invalid_weight};
use crate::catalog::function::Function;
use crate::error::ApiError;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/aliases", get(list).post(create))
        .route("/fgs/functions/{urn}/aliases/{name}", get(show).put(update).delete(remove))
}

async fn create(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let name = body.fields().required_string("name", "FSS.1014")?;
    let alias = read(name, body.fields())?;
    let function = app.catalog.find(&named)?;
    put(&app, &function, alias, None).await
}

async fn update(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let current = function.alias(path.get("name"))?;
    let mut alias = read(&current.name, body.fields())?;
    if body.fields().get("description").is_none() {
        alias.description.clone_from(&current.description);
    }
    put(&app, &function, alias, Some(current.name.clone())).await
}

async fn put(
    app: &Arc<App>,
    function: &Function,
    alias: Alias,
    replaced: Option<String>,
) -> Result<Json<Value>, ApiError> {
    let name = alias.name.clone();
    let (function, ()) = change(app, &function.name, move |function| {
        // It may have been deleted since.
        replaced.as_deref().map(|name| function.alias(name)).transpose()?;
        function.put_alias(alias, replaced.as_deref())
    })
    .await?;
    Ok(Json(view(app, &function, function.alias(&name)?)))
}

/// An alias as a body describes it. Weights and strategy replace those of before.
fn read(name: &str, fields: Fields<'_>) -> Result<Alias, ApiError> {
    let mut weights = BTreeMap::new();
    if let Some(object) = fields.object("additional_version_weights", "FSS.1092")? {
        for version in object.as_map().keys() {
            let weight = object.integer(version, "FSS.1092")?.ok_or_else(invalid_weight)?;
            let weight = u32::try_from(weight).map_err(|_| invalid_weight())?;
            weights.insert(version.clone(), weight);
        }
    }
    let mut strategy = BTreeMap::new();
    if let Some(object) = fields.object("additional_version_strategy", "FSS.1091")? {
        for version in object.as_map().keys() {
            if let Some(one) = object.object(version, "FSS.1091")? {
                strategy.insert(version.clone(), read_strategy(one)?);
            }
        }
    }
    Ok(Alias {
        name: name.to_owned(),
        version: fields.required_string("version", "FSS.1015")?.to_owned(),
        description: fields.string("description", "FSS.1019")?.unwrap_or_default().to_owned(),
        weights,
        strategy,
        last_modified: Timestamp::now(),
    })
}

fn read_strategy(fields: Fields<'_>) -> Result<VersionStrategy, ApiError> {
    let string = |fields: Fields<'_>, name: &str| {
        Ok::<_, ApiError>(fields.string(name, "FSS.1091")?.unwrap_or_default().to_owned())
    };
    let rules = fields.objects("rules", "FSS.1091")?.unwrap_or_default().into_iter().map(|rule| {
        Ok(HeaderRule {
            rule_type: string(rule, "rule_type")?,
            param: string(rule, "param")?,
            op: string(rule, "op")?,
            value: string(rule, "value")?,
        })
    });
    Ok(VersionStrategy {
        rules: rules.collect::<Result<_, ApiError>>()?,
        combine_type: string(fields, "combine_type")?,
    })
}

/// A bare array, as on the platform.
async fn list(
    State(app): State<Arc<App>>,
    Named(named): Named,
) -> Result<Json<Vec<Value>>, ApiError> {
    let function = app.catalog.find(&named)?;
    Ok(Json(function.aliases.iter().map(|alias| view(&app, &function, alias)).collect()))
}

async fn show(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    Ok(Json(view(&app, &function, function.alias(path.get("name"))?)))
}

async fn remove(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<StatusCode, ApiError> {
    let function = app.catalog.find(&named)?;
    let name = path.get("name").to_owned();
    change(&app, &function.name, move |function| function.remove_alias(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Weights and strategy are absent if there are none, as on the platform.
fn view(app: &App, function: &Function, alias: &Alias) -> Value {
    let mut view = json!({
        "name": alias.name,
        "version": alias.version,
        "description": alias.description,
        "last_modified": time(alias.last_modified),
        "alias_urn": app.place.urn(&function.name, &format!("!{}", alias.name)),
    });
    if !alias.weights.is_empty() {
        view["additional_version_weights"] = json!(alias.weights);
    }
    if !alias.strategy.is_empty() {
        view["additional_version_strategy"] = json!(alias.strategy);
    }
    view
}
