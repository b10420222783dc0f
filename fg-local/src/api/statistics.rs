//! Metrics: what has run, by the minute.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::request::{Named, PathFields, QueryFields};
use crate::app::App;
use crate::catalog::function::Function;
use crate::error::ApiError;
use crate::metrics::{KEPT_MINUTES, Minute};

/// The longest period in minutes: a month of 31 days, of which the last day is kept.
const MAX_PERIOD: i64 = 31 * 24 * 60;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/fgs/functions/{urn}/slareports/{period}", get(of_function))
        .route("/fgs/functions/{urn}/statistics/{period}", get(of_function))
        .route("/fgs/functions/{urn}/instancereports", get(instances))
        .route("/fgs/functions/statistics", get(of_project))
}

async fn of_function(
    State(app): State<Arc<App>>,
    Named(named): Named,
    path: PathFields,
) -> Result<Json<Map<String, Value>>, ApiError> {
    let period = read_period(path.get("period"))?;
    let function = app.catalog.find(&named)?;
    Ok(Json(report(&app, &[function], period)))
}

async fn instances(
    State(app): State<Arc<App>>,
    Named(named): Named,
) -> Result<Json<Value>, ApiError> {
    let function = app.catalog.find(&named)?;
    let mut report = report(&app, &[function], 60);
    let mut take = |name: &str| report.remove(name).unwrap_or_default();
    Ok(Json(json!({
        "instanceNum": take("instance_num"),
        "reservedInstanceNum": take("reserved_instance_num"),
    })))
}

/// All functions together: the report of a period, and the sums of this month.
async fn of_project(
    State(app): State<Arc<App>>,
    query: QueryFields,
) -> Result<Json<Value>, ApiError> {
    if !matches!(query.get("filter"), None | Some("monitor_data" | "monthly_report")) {
        return Err(ApiError::bad_request(
            "FSS.1001",
            "Invalid query parameter: filter must be monitor_data or monthly_report",
        ));
    }
    let period = query.get("period").map_or(Ok(60), read_period)?;
    let functions = app.catalog.list();
    let now = Timestamp::now();
    let month = now.strftime("%Y-%m").to_string();
    let mut count = 0;
    let mut gigabyte_seconds = 0.0;
    for function in &functions {
        let minutes = minutes(&app, function, KEPT_MINUTES, now);
        count += minutes.iter().map(|minute| minute.count).sum::<u64>();
        let seconds: f64 = minutes.iter().map(|minute| minute.total_duration.as_secs_f64()).sum();
        gigabyte_seconds += seconds * f64::from(function.latest.config.memory_size) / 1024.0;
    }
    Ok(Json(json!({
        "count": [{"date": month, "value": count}],
        "gbs": [{"date": month, "value": gigabyte_seconds}],
        "gpu_gbs": [{"date": month, "value": 0}],
        "statistics": report(&app, &functions, period),
    })))
}

/// A number of minutes.
fn read_period(period: &str) -> Result<i64, ApiError> {
    period.parse().ok().filter(|period| (1..=MAX_PERIOD).contains(period)).ok_or_else(|| {
        ApiError::bad_request(
            "FSS.1001",
            format!("Invalid query parameter: period must be 1 to {MAX_PERIOD} minutes"),
        )
    })
}

fn minutes(app: &App, function: &Function, period: i64, now: Timestamp) -> Vec<Minute> {
    let since = now.saturating_sub(SignedDuration::from_mins(period - 1)).unwrap_or(now);
    app.invoker.metrics().minutes(&function.name, since)
}

/// The metrics of each minute of a period, the oldest first. The value of a minute in which nothing
/// ran is -1, as on the platform. Only the last day is kept, so a longer period begins later.
fn report(app: &App, functions: &[Arc<Function>], period: i64) -> Map<String, Value> {
    let period = period.min(KEPT_MINUTES);
    let now = Timestamp::now();
    let last = now.as_second().div_euclid(60);
    let mut sums: Vec<Option<Minute>> = Vec::new();
    sums.resize(usize::try_from(period).unwrap_or(0), None);
    for function in functions {
        for minute in minutes(app, function, period, now) {
            let index = usize::try_from(minute.minute - (last - period + 1));
            if let Some(sum) = index.ok().and_then(|index| sums.get_mut(index)) {
                *sum = Some(sum.map_or(minute, |sum| merge(sum, minute)));
            }
        }
    }
    let reserved: u32 = functions
        .iter()
        .flat_map(|function| function.reserved.values())
        .map(|reserved| reserved.count)
        .sum();
    let of = |value: &dyn Fn(&Minute) -> f64| -> Value {
        let first = last - period + 1;
        (first..)
            .zip(&sums)
            .map(|(minute, sum)| {
                json!({
                    "timestamp": minute * 60_000,
                    "value": number(sum.as_ref().map_or(-1.0, value)),
                })
            })
            .collect()
    };
    let mut report = Map::new();
    for (name, values) in [
        ("count", of(&|minute| count(minute.count))),
        (
            "duration",
            of(&|minute| milliseconds(minute.total_duration) / count(minute.count.max(1))),
        ),
        ("max_duration", of(&|minute| milliseconds(minute.max_duration))),
        ("min_duration", of(&|minute| milliseconds(minute.min_duration))),
        ("fail_count", of(&|minute| count(minute.failures()))),
        ("reject_count", of(&|minute| count(minute.rejections))),
        ("function_error_count", of(&|minute| count(minute.function_errors))),
        ("system_error_count", of(&|minute| count(minute.system_errors))),
        ("concurrency_num", of(&concurrency)),
        ("instance_num", of(&concurrency)),
        ("reserved_instance_num", of(&|_| f64::from(reserved))),
    ] {
        report.insert(name.to_owned(), values);
    }
    report
}

/// How many invocations ran at a time, on average and at least 1.
fn concurrency(minute: &Minute) -> f64 {
    (minute.total_duration.as_secs_f64() / 60.0).ceil().max(if minute.count > 0 {
        1.0
    } else {
        0.0
    })
}

fn merge(one: Minute, other: Minute) -> Minute {
    let min_duration = match (one.count, other.count) {
        (0, _) => other.min_duration,
        (_, 0) => one.min_duration,
        _ => one.min_duration.min(other.min_duration),
    };
    Minute {
        minute: one.minute,
        count: one.count + other.count,
        function_errors: one.function_errors + other.function_errors,
        system_errors: one.system_errors + other.system_errors,
        rejections: one.rejections + other.rejections,
        total_duration: one.total_duration + other.total_duration,
        min_duration,
        max_duration: one.max_duration.max(other.max_duration),
    }
}

/// Counts stay far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn count(count: u64) -> f64 {
    count as f64
}

fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Whole numbers without a fraction, as on the platform; others with two digits.
#[allow(clippy::cast_possible_truncation)]
fn number(value: f64) -> Value {
    let value = (value * 100.0).round() / 100.0;
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(-1.0).to_string(), "-1");
        assert_eq!(number(12.345).to_string(), "12.35");
    }

    #[test]
    fn the_shortest_duration_ignores_minutes_without_invocations() {
        let ran = Minute { count: 1, min_duration: Duration::from_millis(5), ..Minute::default() };
        let refused = Minute { rejections: 1, ..Minute::default() };
        for sum in [merge(ran, refused), merge(refused, ran)] {
            assert_eq!((sum.count, sum.rejections), (1, 1));
            assert_eq!(sum.min_duration, Duration::from_millis(5));
        }
    }

    #[test]
    fn a_period_is_a_number_of_minutes() {
        assert_eq!(read_period("60").ok(), Some(60));
        for period in ["0", "-1", "x", "44641", ""] {
            assert!(read_period(period).is_err(), "{period}");
        }
    }
}
