//! The events of buckets, which have names with and without `s3:`.

use serde_json::{Map, Value};

use crate::triggers::check_bucket;

/// The events of objects that are created.
const CREATED: [&str; 4] = ["Put", "Post", "Copy", "CompleteMultipartUpload"];
/// The events of objects that are removed.
const REMOVED: [&str; 2] = ["Delete", "DeleteMarkerCreated"];

pub(super) fn check(data: &Map<String, Value>) -> Result<(), String> {
    events(data)?;
    check_bucket(data.get("bucket").and_then(Value::as_str).unwrap_or_default())
}

/// The single events that the names stand for.
pub(super) fn events(data: &Map<String, Value>) -> Result<Vec<&'static str>, String> {
    let names = data.get("events").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut events = Vec::new();
    for name in names.iter().filter_map(Value::as_str) {
        let found = expand(name);
        if found.is_empty() {
            return Err(format!(
                "{name:?} is no event of a bucket; such are s3:ObjectCreated:*, \
                 s3:ObjectCreated:Put, s3:ObjectRemoved:* and s3:ObjectRemoved:Delete"
            ));
        }
        events.extend(found);
    }
    Ok(events)
}

fn expand(name: &str) -> Vec<&'static str> {
    let name = name.strip_prefix("s3:").unwrap_or(name);
    let of = |group: &[&'static str], one: &str| -> Vec<&'static str> {
        group.iter().copied().filter(|event| one == "*" || *event == one).collect()
    };
    match name.split_once(':').unwrap_or((name, "")) {
        ("ObjectCreated", "") => CREATED.to_vec(),
        ("ObjectRemoved", "") => REMOVED.to_vec(),
        ("ObjectCreated", one) => of(&CREATED, one),
        ("ObjectRemoved", one) => of(&REMOVED, one),
        ("*", _) => Vec::new(),
        // A bare name, such as `Put`.
        (one, "") => [of(&CREATED, one), of(&REMOVED, one)].concat(),
        _ => Vec::new(),
    }
}

/// Whether an event of the bucket can be for both triggers.
pub(super) fn overlaps(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let text = |data: &Map<String, Value>, name: &str| {
        data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let both = |name: &str| (text(one, name), text(other, name));
    let (bucket, other_bucket) = both("bucket");
    let (prefix, other_prefix) = both("prefix");
    let (suffix, other_suffix) = both("suffix");
    let (events, other_events) =
        (events(one).unwrap_or_default(), events(other).unwrap_or_default());
    bucket == other_bucket
        && events.iter().any(|event| other_events.contains(event))
        && (prefix.starts_with(&other_prefix) || other_prefix.starts_with(&prefix))
        && (suffix.ends_with(&other_suffix) || other_suffix.ends_with(&suffix))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_have_names_with_and_without_a_prefix() {
        assert_eq!(expand("s3:ObjectCreated:*"), CREATED);
        assert_eq!(expand("ObjectCreated"), CREATED);
        assert_eq!(expand("s3:ObjectRemoved:Delete"), ["Delete"]);
        assert_eq!(expand("Put"), ["Put"]);
        for name in ["", "s3:", "s3:ObjectCreated:Delete", "Put:*", "Object", "*"] {
            assert!(expand(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn triggers_overlap_if_an_event_can_be_for_both() {
        let data = |events: &str, prefix: &str| {
            let data = json!({"bucket": "b", "events": [events], "prefix": prefix});
            data.as_object().cloned().expect("an object")
        };
        let all = data("s3:ObjectCreated:*", "");
        assert!(overlaps(&all, &data("Put", "images/")));
        assert!(!overlaps(&all, &data("s3:ObjectRemoved:*", "")));
        assert!(!overlaps(&data("Put", "images/"), &data("Put", "texts/")));
    }
}
