//! Renders the results of the servers as tables.

use serde_json::Value;

use crate::budgets::budget;
use crate::report::{Place, Unit, begin, end, listing, number};

/// The lines around the tables of the servers.
pub(crate) const SERVERS: Place = Place {
    begin: "<!-- measured under load: written by the benchmark, not by hand -->",
    end: "<!-- end of what was measured under load -->",
};

/// The tables, the machine, the command and the date.
pub(crate) fn markdown(results: &Value) -> String {
    let mut text = String::new();
    begin(&mut text, SERVERS, results);
    listing(
        &mut text,
        &rows(&results["instructions"]),
        "On one connection",
        &[
            ("program", "server", Unit::Count),
            ("instructions", "instructions, user space, per request", Unit::Count),
            ("instructions_goal", "must reach", Unit::Count),
        ],
    );
    let title = format!(
        "As ratios to axum, the median of {} turns of {} requests",
        number(&results["turns"], Unit::Count),
        number(&results["requests"], Unit::Count)
    );
    listing(
        &mut text,
        &rows(&results["loads"]),
        &title,
        &[
            ("threads", "threads", Unit::Count),
            ("connections", "connections", Unit::Count),
            ("program", "server", Unit::Count),
            ("throughput_ratio", "throughput", Unit::Fraction),
            ("throughput_ratio_goal", "must reach", Unit::Count),
            ("p99_ratio", "99th percentile of the time", Unit::Fraction),
            ("cpu_ratio", "CPU time of the server", Unit::Fraction),
            ("cpu_ratio_goal", "must reach", Unit::Count),
        ],
    );
    end(&mut text, SERVERS, results);
    text
}

/// The rows with their budgets.
fn rows(results: &Value) -> Value {
    results.as_array().into_iter().flatten().cloned().map(judge).collect()
}

/// A row with its budgets.
fn judge(mut row: Value) -> Value {
    let Some(prefix) = row["budgets"].as_str().map(str::to_owned) else { return row };
    for (key, unit) in [
        ("instructions", Unit::Count),
        ("throughput_ratio", Unit::Fraction),
        ("cpu_ratio", Unit::Fraction),
    ] {
        let Some(value) = row[key].as_f64() else { continue };
        let Some(goal) = budget(&format!("{prefix}_{key}")) else { continue };
        let is_reached = if key == "throughput_ratio" { value >= goal } else { value <= goal };
        let reached = if is_reached { "(yes)" } else { "(**no**)" };
        row[format!("{key}_goal")] = format!("{} {reached}", number(&goal.into(), unit)).into();
    }
    row
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn servers_of_ours_are_held_to_shares_of_what_axum_takes() {
        let goal = |prefix, key: &str, value| {
            judge(json!({"budgets": prefix, key: value}))[format!("{key}_goal")].clone()
        };
        assert_eq!(goal(Some("server"), "throughput_ratio", 0.98), "0.98 (yes)");
        assert_eq!(goal(Some("router"), "throughput_ratio", 0.909), "0.91 (**no**)");
        assert_eq!(goal(Some("router"), "cpu_ratio", 1.11), "1.10 (**no**)");
        assert_eq!(goal(Some("router"), "instructions", 43_000.0), "43,000 (yes)");
        assert_eq!(goal(None, "throughput_ratio", 0.5), Value::Null);
    }
}
