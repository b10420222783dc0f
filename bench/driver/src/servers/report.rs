//! Renders the results of the servers as tables.

use std::fmt::Write as _;

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
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| server | instructions, user space, per request |\n| --- | --: |");
    for (program, instructions) in results["instructions"].as_object().into_iter().flatten() {
        let _ = writeln!(text, "| {program} | {} |", number(instructions, Unit::Count));
    }
    text.push('\n');
    let rows: Vec<Value> =
        results["loads"].as_array().into_iter().flatten().cloned().map(judge).collect();
    let title = format!(
        "As ratios to axum, the median of {} rounds of {} requests",
        number(&results["rounds"], Unit::Count),
        number(&results["requests"], Unit::Count)
    );
    listing(
        &mut text,
        &rows.into(),
        &title,
        &[
            ("threads", "threads", Unit::Count),
            ("connections", "connections", Unit::Count),
            ("program", "server", Unit::Count),
            ("throughput_ratio", "throughput", Unit::Fraction),
            ("goal", "must reach", Unit::Count),
            ("p99_ratio", "99th percentile of the time", Unit::Fraction),
            ("cpu_ratio", "CPU time of the server", Unit::Fraction),
        ],
    );
    end(&mut text, SERVERS, results);
    text
}

/// A row with its budget.
fn judge(mut row: Value) -> Value {
    let goal = budget("server_throughput_ratio").filter(|_| row["is_judged"] == true);
    if let (Some(goal), Some(ratio)) = (goal, row["throughput_ratio"].as_f64()) {
        let reached = if ratio >= goal { "(yes)" } else { "(**no**)" };
        row["goal"] = format!("{goal:.2} {reached}").into();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_ours_are_held_to_a_share_of_axums_throughput() {
        let goal = |ratio, is_judged| {
            judge(serde_json::json!({"throughput_ratio": ratio, "is_judged": is_judged}))["goal"]
                .clone()
        };
        assert_eq!(goal(0.95, true), "0.95 (yes)");
        assert_eq!(goal(0.949, true), "0.95 (**no**)");
        assert_eq!(goal(0.5, false), Value::Null);
    }
}
