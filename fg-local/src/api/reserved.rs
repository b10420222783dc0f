//! Reserved instances, which are kept although they are idle.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::blocking::change;
use super::fields::missing;
use super::request::{Body, Named, Page, QueryFields, parse_urn};
use crate::app::App;
use crate::catalog::function::{Function, Reservation};
use crate::error::ApiError;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/reservedinstances", put(update))
        .route("/fgs/functions/reservedinstances", get(list_counts))
        .route("/fgs/functions/reservedinstanceconfigs", get(list_configs))
}

/// A count of 0 without tactics takes the reservation away.
async fn update(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let fields = body.fields();
    let count = fields.integer_or_string("count", "FSS.0400")?;
    let count = count.ok_or_else(|| missing("count", "FSS.0400"))?;
    let Some(count) = u32::try_from(count).ok().filter(|count| *count <= 1000) else {
        return Err(ApiError::bad_request(
            "FSS.0400",
            "Invalid parameter: count must be 0 to 1000",
        ));
    };
    let idle_mode = fields.flag("idle_mode", "FSS.0400")?.unwrap_or(false);
    let tactics = fields.object("tactics_config", "FSS.0400")?;
    let mut has_tactics = false;
    for name in ["cron_configs", "metric_configs"] {
        let list = tactics.map(|tactics| tactics.objects(name, "FSS.0400")).transpose()?.flatten();
        has_tactics |= list.is_some_and(|list| !list.is_empty());
    }
    let tactics = tactics.map(|tactics| Value::Object(tactics.as_map().clone()));
    let answer = json!({
        "count": count,
        "idle_mode": idle_mode,
        "tactics_config": tactics.clone().unwrap_or_else(|| json!({})),
    });
    let function = app.catalog.find(&named)?;
    let qualifier = function.qualifier_key(named.qualifier.as_ref())?;
    change(&app, &function.name, move |function| {
        if count == 0 && !has_tactics {
            function.reserved.remove(&qualifier);
        } else {
            let tactics = tactics.filter(|_| has_tactics);
            function.reserved.insert(qualifier, Reservation { count, idle_mode, tactics });
        }
        Ok(())
    })
    .await?;
    Ok(Json(answer))
}

/// The reservations of all functions, or of the one in the query, as a page of the list.
///
/// Clients ask until the list is empty, so `marker` counts.
fn page_of(
    app: &App,
    query: &QueryFields,
    parameter: &str,
    view: impl Fn(&Function, &str, &Reservation) -> Value,
) -> Result<(Vec<Value>, Value, usize), ApiError> {
    let page = Page::of(query, "limit", 100, 500)?;
    let wanted = query.get(parameter).map(parse_urn).transpose()?;
    let qualifier = wanted.as_ref().and_then(|named| named.qualifier.as_ref());
    let qualifier = qualifier.map(ToString::to_string);
    let is_wanted = |function: &Function, key: &str| {
        wanted.as_ref().is_none_or(|named| named.is_for(&function.name))
            // Terraform names the function by the URN of `latest`, and wants all of them.
            && qualifier.as_ref().is_none_or(|wanted| wanted == key || wanted == "latest")
    };
    let functions = app.catalog.list();
    let all: Vec<_> = functions
        .iter()
        .flat_map(|function| function.reserved.iter().map(move |(key, one)| (function, key, one)))
        .filter(|(function, key, _)| is_wanted(function, key))
        .collect();
    let count = all.len();
    let (shown, next) = page.take(all);
    let shown: Vec<_> =
        shown.into_iter().map(|(function, key, one)| view(function, key, one)).collect();
    let info = page.info(shown.len(), next);
    Ok((shown, info, count))
}

async fn list_configs(
    State(app): State<Arc<App>>,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    let view = |function: &Function, key: &str, reservation: &Reservation| {
        let alias = key.strip_prefix('!');
        json!({
            "function_urn": app.place.urn(&function.name, key),
            "qualifier_type": if alias.is_some() { "alias" } else { "version" },
            "qualifier_name": alias.unwrap_or(key),
            "min_count": reservation.count,
            "idle_mode": reservation.idle_mode,
            "tactics_config": reservation.tactics.clone().unwrap_or_else(|| json!({})),
        })
    };
    let (list, info, count) = page_of(&app, &query, "function_urn", view)?;
    Ok(Json(json!({"reserved_instances": list, "page_info": info, "count": count})))
}

async fn list_counts(
    State(app): State<Arc<App>>,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    let view = |function: &Function, key: &str, reservation: &Reservation| {
        let urn = app.place.urn(&function.name, key);
        json!({"func_urn": urn, "count": reservation.count})
    };
    let (list, info, count) = page_of(&app, &query, "urn", view)?;
    Ok(Json(json!({"reservedinstances": list, "page_info": info, "count": count})))
}
