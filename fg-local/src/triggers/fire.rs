//! Fires a trigger by hand: `POST /fg/triggers/{urn}/{type}/{id}/fire`, a route of this server and
//! not of the platform.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use jiff::ZonedDateTime;
use serde_json::{Value, json};

use super::timers;
use crate::app::App;
use crate::catalog::function::Trigger;
use crate::error::ApiError;
use crate::urn::FunctionRef;

/// The largest event in bytes, as of an invocation.
const MAX_EVENT: usize = 6 << 20;

/// The route.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fg/triggers/{urn}/{type}/{id}/fire", post(fire))
        .layer(DefaultBodyLimit::max(MAX_EVENT))
}

/// Queues an invocation with the event in the body, or with a sample of the trigger's type if the
/// body is empty.
async fn fire(
    State(app): State<Arc<App>>,
    Path((urn, type_code, id)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let named = FunctionRef::parse(&urn).ok_or_else(|| {
        ApiError::bad_request("FSS.1309", format!("{urn:?} is not the URN of a function"))
    })?;
    let function = app.catalog.find(&named)?;
    let is_named = |trigger: &&Trigger| trigger.id == id && trigger.type_code == type_code;
    let trigger = function.triggers.iter().find(is_named).ok_or_else(|| {
        let name = &function.name;
        ApiError::not_found(
            "FSS.1131",
            format!("The trigger does not exist: {name} has no {type_code} trigger {id}"),
        )
    })?;
    if !trigger.is_active {
        let message = format!("The trigger {id} is DISABLED. Set its status to ACTIVE to fire it.");
        return Err(ApiError::conflict("FSS.1318", message));
    }
    let payload = if body.is_empty() { sample(trigger)?.into_bytes() } else { body.into() };
    let request_id =
        app.invoker.queue(&function, trigger.qualifier.clone(), payload, Vec::new()).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"request_id": request_id}))))
}

/// A payload as the platform sends it to a trigger of this type.
fn sample(trigger: &Trigger) -> Result<String, ApiError> {
    use fg_events as of;
    let is_of_obs =
        || trigger.event_data.get("source_name").and_then(Value::as_str) == Some("HC.OBS.DWR");
    let sample = match trigger.type_code.as_str() {
        "TIMER" => return Ok(timers::event(trigger, &ZonedDateTime::now())),
        "APIG" | "DEDICATEDGATEWAY" | "APIC" => of::apig::FIXTURE,
        "OBS" => of::obs::FIXTURE,
        "EVENTGRID" if is_of_obs() => of::obs_eventgrid::FIXTURE,
        "EVENTGRID" => of::eventgrid::FIXTURE,
        "SMN" => of::smn::FIXTURE,
        "LTS" => of::lts::FIXTURE,
        "CTS" => of::cts::FIXTURE,
        "DDS" => of::dds::FIXTURE,
        "GAUSSMONGO" => of::gemini_mongo::FIXTURE,
        "KAFKA" => of::kafka::FIXTURE,
        "OPENSOURCEKAFKA" => of::kafka_open_source::FIXTURE,
        "ROCKETMQ" => of::rocketmq::FIXTURE,
        "RABBITMQ" => of::rabbitmq::FIXTURE,
        "DMS" => of::dms::FIXTURE,
        "DIS" => of::dis::FIXTURE,
        "IOTDA" => of::iotda::FIXTURE,
        other => {
            return Err(ApiError::bad_request(
                "FSS.1101",
                format!("There is no sample event for a trigger of type {other}: send one"),
            ));
        }
    };
    Ok(sample.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::trigger::TYPES;
    use crate::triggers::example::function;

    #[test]
    fn every_type_of_the_platform_has_a_sample() {
        let mut samples = Vec::new();
        for kind in TYPES {
            let function = function("f1", &[(kind.code, "t1", json!({"name": "n"}))]);
            let sample = sample(&function.triggers[0]).expect(kind.code);
            serde_json::from_str::<Value>(&sample).expect(kind.code);
            samples.push(sample);
        }
        assert!(samples.iter().any(|sample| sample.contains("\"TIMER\"")));
        let of_obs = function("f1", &[("EVENTGRID", "t1", json!({"source_name": "HC.OBS.DWR"}))]);
        let sample = sample(&of_obs.triggers[0]).expect("there is one");
        assert!(sample.contains("OBS:DWR:") && !samples.contains(&sample));
        let none = function("f1", &[("NEW", "t1", json!({}))]);
        let error = super::sample(&none.triggers[0]).expect_err("there is none");
        assert!(error.message.contains("NEW: send one"), "{error}");
    }
}
