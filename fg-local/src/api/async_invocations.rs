//! Asynchronous invocations: list and cancel.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::blocking::blocking;
use super::functions::view::time;
use super::request::{Body, Named, Page, QueryFields};
use crate::app::App;
use crate::catalog::function::Function;
use crate::error::ApiError;
use crate::store::{End, Failure, Filter, Invocation, QueueError, Status};
use crate::urn::FunctionRef;

/// How many ids a list takes.
const MAX_REQUESTS: usize = 10;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/async-invocations", get(list))
        .route("/fgs/functions/{urn}/active-async-invocations", get(list_active))
        .route("/fgs/functions/{urn}/cancel", post(cancel))
}

async fn list(
    State(app): State<Arc<App>>,
    Named(named): Named,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    let statuses = query.get("status").map(read_status).transpose()?;
    let request_ids = query.get("request_id").map(|id| vec![id.to_owned()]).unwrap_or_default();
    let filter = filter(&query, request_ids, Vec::from_iter(statuses))?;
    page_of(app, &named, &query, filter).await
}

/// Those that wait or run.
async fn list_active(
    State(app): State<Arc<App>>,
    Named(named): Named,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    let statuses = match query.get("status") {
        Some(status) => vec![read_status(status)?],
        None => vec![Status::Wait, Status::Running],
    };
    let requests = query.get("requests").unwrap_or_default().split(',').map(str::trim);
    let requests: Vec<_> = requests.filter(|id| !id.is_empty()).map(ToOwned::to_owned).collect();
    if requests.len() > MAX_REQUESTS {
        return Err(ApiError::bad_request(
            "FSS.1001",
            format!("Invalid query parameter: requests has at most {MAX_REQUESTS} ids"),
        ));
    }
    let filter = filter(&query, requests, statuses)?;
    page_of(app, &named, &query, filter).await
}

/// Without times and ids: the last hour, as on the platform.
fn filter(
    query: &QueryFields,
    request_ids: Vec<String>,
    statuses: Vec<Status>,
) -> Result<Filter, ApiError> {
    let from = read_time(query, "query_begin_time")?;
    let to = read_time(query, "query_end_time")?;
    let from = if from.is_none() && request_ids.is_empty() {
        let to = to.unwrap_or_else(Timestamp::now);
        to.saturating_sub(SignedDuration::from_hours(1)).ok()
    } else {
        from
    };
    Ok(Filter { request_ids, statuses, from, to })
}

fn read_status(status: &str) -> Result<Status, ApiError> {
    match status {
        "WAIT" => Ok(Status::Wait),
        "RUNNING" => Ok(Status::Running),
        "SUCCESS" => Ok(Status::Success),
        "FAIL" => Ok(Status::Fail),
        "DISCARD" => Ok(Status::Discard),
        _ => Err(ApiError::bad_request(
            "FSS.1001",
            "Invalid query parameter: status must be WAIT, RUNNING, SUCCESS, FAIL or DISCARD",
        )),
    }
}

fn read_time(query: &QueryFields, name: &str) -> Result<Option<Timestamp>, ApiError> {
    query.get(name).map(parse_time).transpose().map_err(|()| {
        ApiError::bad_request(
            "FSS.1001",
            format!("Invalid query parameter: {name} must be a time such as 2026-11-27T10:20:30"),
        )
    })
}

/// A time with an offset, or without one in UTC. A `+` that was not encoded has become a space.
fn parse_time(text: &str) -> Result<Timestamp, ()> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return time.to_zoned_datetime(TimeZone::UTC).map(|time| time.timestamp()).map_err(|_| ());
    }
    let (time, offset) = text.rsplit_once(' ').ok_or(())?;
    format!("{time}+{offset}").parse().map_err(|_| ())
}

async fn page_of(
    app: Arc<App>,
    named: &FunctionRef,
    query: &QueryFields,
    filter: Filter,
) -> Result<Json<Value>, ApiError> {
    let page = Page::of(query, "limit", 100, 500)?;
    let function = find(&app, named)?;
    let found = blocking(move || {
        Ok(app.store.list(&function.name, &filter, page.marker as u64, page.size)?)
    })
    .await?;
    let invocations: Vec<_> = found.invocations.iter().map(view).collect();
    let next = found.next.unwrap_or((page.marker + invocations.len()) as u64);
    let count = invocations.len();
    Ok(Json(json!({"invocations": invocations, "count": count, "next_marker": next})))
}

/// These operations have a code of their own for a function that is not there.
fn find(app: &App, named: &FunctionRef) -> Result<Arc<Function>, ApiError> {
    app.catalog.find(named).map_err(|error| match error.code {
        "FSS.1051" => ApiError::not_found("FSS.0404", "can not find function"),
        _ => error,
    })
}

fn view(invocation: &Invocation) -> Value {
    json!({
        "request_id": invocation.request_id,
        "status": invocation.status,
        "error_code": invocation.error_code.unwrap_or(0),
        "error_message": invocation.error_message,
        "start_time": time(invocation.started.unwrap_or(invocation.accepted)),
        "end_time": invocation.ended.map(time).unwrap_or_default(),
    })
}

/// An object and not `null`, as the platform's sample has it: the SDK for Node fails with that.
async fn cancel(
    State(app): State<Arc<App>>,
    Named(named): Named,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let fields = body.fields();
    let id = fields.required_string("request_id", "FSS.0400")?.to_owned();
    if !matches!(fields.string("type", "FSS.0400")?, None | Some("" | "recursive" | "force")) {
        return Err(ApiError::bad_request(
            "FSS.0400",
            "Invalid parameter: type must be recursive or force",
        ));
    }
    let function = find(&app, &named)?;
    let found = blocking({
        let (app, id) = (Arc::clone(&app), id.clone());
        move || Ok(app.store.get(&id)?)
    })
    .await?;
    if found.is_none_or(|invocation| invocation.function != function.name) {
        return Err(invalid_request_id("there is no asynchronous invocation with this id"));
    }
    let reason = || Failure { code: None, message: "cancelled by request".into() };
    match app.store.cancel(&id, reason()).await {
        // Its result does not count any more. Only then is its process killed.
        Err(QueueError::State(Status::Running)) => {
            finished(app.store.finish(&id, End::Discard, reason()).await)?;
            let app = Arc::clone(&app);
            let killed = move || {
                app.invoker.cancel(&function.name, &id);
                Ok(())
            };
            blocking(killed).await?;
        }
        other => finished(other)?,
    }
    Ok(Json(json!({})))
}

fn finished(ended: Result<Invocation, QueueError>) -> Result<(), ApiError> {
    match ended {
        Ok(_) => Ok(()),
        Err(QueueError::State(_)) => Err(invalid_request_id("the invocation is finished")),
        Err(error) => Err(error.into()),
    }
}

fn invalid_request_id(reason: &str) -> ApiError {
    ApiError::bad_request("FSS.0400", format!("Invalid RequestId: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_with_and_without_an_offset_and_a_fraction() {
        let expected: Timestamp = "2026-11-27T01:02:03Z".parse().expect("a time");
        for text in [
            "2026-11-27T01:02:03",
            "2026-11-27T01:02:03Z",
            "2026-11-27T01:02:03+00:00",
            "2026-11-27T01:02:03 00:00",
            "2026-11-27T09:02:03 08:00",
            "2026-11-27 01:02:03",
        ] {
            assert_eq!(parse_time(text), Ok(expected), "{text}");
        }
        let with_fraction = parse_time("2026-11-27T01:02:03.123456").expect("a time");
        assert_eq!(with_fraction.as_second(), expected.as_second());
        for text in ["", "x", "2026", "2026-11-27T25:00:00"] {
            assert_eq!(parse_time(text), Err(()), "{text}");
        }
    }
}
