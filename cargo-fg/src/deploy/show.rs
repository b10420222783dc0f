//! A plan as people and as programs read it.

use std::fmt::Write;

use fg_client::FunctionUrn;
use serde_json::{Value, json};

use crate::deploy::plan::Plan;
use crate::deploy::rows::Change;
use crate::deploy::step::{Action, CodeSource, Step};
use crate::package::Size;

/// The plan for people: a line for each step, and for each setting that changes.
pub(crate) fn text(plan: &Plan, urn: &FunctionUrn) -> String {
    let mut text = format!("{urn}\n");
    for step in &plan.steps {
        let (symbol, what) = title(step);
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  {symbol} {what}");
        let width = step.changes.iter().map(|change| change.field.len() + 1).max();
        for change in &step.changes {
            let _ = writeln!(text, "      {}", line(change, width.unwrap_or_default()));
        }
    }
    text
}

/// The plan for programs. `target` is the function, or the alias that is deployed to.
pub(crate) fn document(plan: &Plan, urn: &FunctionUrn, target: &FunctionUrn) -> Value {
    let steps: Vec<_> = plan.steps.iter().map(|step| step.show(urn)).collect();
    json!({
        "function": urn.name(),
        "urn": target.to_string(),
        "steps": steps,
        "notes": plan.notes,
    })
}

fn title(step: &Step) -> (char, String) {
    let words = step.action.words();
    let code = |code: &CodeSource| match code {
        CodeSource::Request { digest, size } => {
            format!("{}, SHA-512 {}..", Size(*size), &digest[..16])
        }
        CodeSource::Bucket { bucket, .. } => format!("from the bucket {bucket}"),
    };
    let symbol = match &step.action {
        Action::Create { .. }
        | Action::Upload { .. }
        | Action::Publish(_)
        | Action::CreateAlias(_)
        | Action::CreateTrigger { .. } => '+',
        Action::DeleteTrigger { .. } => '-',
        _ => '~',
    };
    let details = match &step.action {
        Action::Create { body, code: source } => {
            let source = source.as_ref().map(|source| format!(", {}", code(source)));
            format!(" ({}){}", body.runtime, source.unwrap_or_default())
        }
        Action::UpdateCode { code: source, .. } => format!(": {}", code(source)),
        Action::Configure(_) if step.changes.is_empty() => ": send the secrets again".into(),
        _ => String::new(),
    };
    (symbol, format!("{words}{details}"))
}

/// `~ memory: 128 -> 256 MB`
fn line(change: &Change, width: usize) -> String {
    let field = format!("{}:", change.field);
    let unit = match change.field.as_str() {
        "memory" | "ephemeral_storage" => " MB",
        "timeout" | "asynchronous.max_age" => " s",
        _ => "",
    };
    match (&change.old, &change.new) {
        (None, Some(new)) => format!("+ {field:width$} {}{unit}", plain(new)),
        (Some(old), Some(new)) => {
            format!("~ {field:width$} {} -> {}{unit}", plain(old), plain(new))
        }
        (Some(old), None) => format!("- {field:width$} {}{unit}", plain(old)),
        (None, None) => field,
    }
}

/// A value without the quotation marks of JSON, on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "(empty)".into(),
        Value::String(text) => text.replace(['\n', '\r'], "\\n"),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
