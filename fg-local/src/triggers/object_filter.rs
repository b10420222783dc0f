//! Which objects of which bucket a trigger is for.

use serde_json::{Map, Value};

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Created,
    Removed,
}

impl Operation {
    /// As in the `eventName` of events.
    pub(super) fn event_name(self) -> &'static str {
        match self {
            Self::Created => "ObjectCreated:Put",
            Self::Removed => "ObjectRemoved:Delete",
        }
    }
}

/// The form of a trigger's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The notification of a bucket, which is S3's.
    Notification,
    /// A `CloudEvent` of EventGrid.
    CloudEvent { is_key_encoded: bool },
}

/// What the `event_data` of a trigger asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) bucket: String,
    pub(super) form: Form,
    events: Vec<String>,
    prefix: String,
    suffix: String,
}

impl Filter {
    /// Reads the `event_data` of a trigger of this type; `None` if it is not about objects.
    pub(super) fn of(
        type_code: &str,
        event_data: &Map<String, Value>,
    ) -> Result<Option<Self>, String> {
        let string = |key: &str| match event_data.get(key) {
            None | Some(Value::Null) => Ok(""),
            Some(value) => value.as_str().ok_or_else(|| format!("{key} is not a string")),
        };
        let (form, events) = match type_code {
            "OBS" => (Form::Notification, "events"),
            "EVENTGRID" if string("source_name")? == "HC.OBS.DWR" => {
                // A flag or a string.
                let encode = event_data.get("Key_encode");
                let is_key_encoded =
                    encode.is_some_and(|flag| *flag == Value::Bool(true) || *flag == "true");
                (Form::CloudEvent { is_key_encoded }, "event_types")
            }
            _ => return Ok(None),
        };
        let bucket = string("bucket")?.to_owned();
        check_bucket(&bucket)?;
        let wrong = || format!("{events} is not a list of strings");
        let list = event_data.get(events).and_then(Value::as_array).ok_or_else(wrong)?;
        let events = list.iter().map(|event| event.as_str().map(bare)).collect::<Option<_>>();
        let events: Vec<_> = events.ok_or_else(wrong)?;
        if events.is_empty() {
            return Err("no events are named".to_owned());
        }
        if let Some(unknown) = events.iter().find(|event| !is_known(event)) {
            return Err(format!("there is no event {unknown:?}"));
        }
        let (prefix, suffix) = (string("prefix")?.to_owned(), string("suffix")?.to_owned());
        Ok(Some(Self { bucket, form, events, prefix, suffix }))
    }

    pub(super) fn matches(&self, key: &str, operation: Operation) -> bool {
        let name = operation.event_name().to_ascii_lowercase();
        let (group, kind) = name.split_once(':').unwrap_or((&name, ""));
        let is_wanted = |event: &String| {
            *event == name || event == group || event == kind || *event == format!("{group}:*")
        };
        key.starts_with(&self.prefix)
            && key.ends_with(&self.suffix)
            && key.len() >= self.prefix.len().max(self.suffix.len())
            && self.events.iter().any(is_wanted)
    }
}

/// The name without the prefixes `s3:` and `OBS:DWR:`, in lower case.
fn bare(event: &str) -> String {
    let event = event.to_ascii_lowercase();
    let bare = event.strip_prefix("s3:").or_else(|| event.strip_prefix("obs:dwr:"));
    bare.unwrap_or(&event).to_owned()
}

/// The names that the platform documents, with and without their group.
fn is_known(event: &str) -> bool {
    const CREATED: [&str; 5] = ["*", "put", "post", "copy", "completemultipartupload"];
    const REMOVED: [&str; 3] = ["*", "delete", "deletemarkercreated"];
    match event.split_once(':') {
        Some(("objectcreated", kind)) => CREATED.contains(&kind),
        Some(("objectremoved", kind)) => REMOVED.contains(&kind),
        Some(_) => false,
        None => {
            matches!(event, "objectcreated" | "objectremoved")
                || CREATED[1..].contains(&event)
                || REMOVED[1..].contains(&event)
        }
    }
}

/// Checks the name of a bucket, which is that of a folder, too.
pub(crate) fn check_bucket(name: &str) -> Result<(), String> {
    let is_allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    let is_bucket = (1..=64).contains(&name.len())
        && name.bytes().all(is_allowed)
        && !name.starts_with('.')
        && !name.contains("..")
        && !name.ends_with('.');
    if is_bucket {
        return Ok(());
    }
    Err(format!("bucket {name:?} is not the name of a bucket: 1 to 64 of a-z, 0-9, - and ."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filter(type_code: &str, event_data: &Value) -> Result<Option<Filter>, String> {
        Filter::of(type_code, event_data.as_object().expect("an object"))
    }

    fn of_events(events: &[&str]) -> Filter {
        let data = json!({"bucket": "b", "events": events});
        filter("OBS", &data).expect("it is valid").expect("it is about objects")
    }

    #[test]
    fn events_have_a_prefix_or_not_and_a_group_or_a_kind() {
        use Operation::{Created, Removed};
        for event in [
            "s3:ObjectCreated:*",
            "ObjectCreated",
            "ObjectCreated:Put",
            "Put",
            "s3:ObjectCreated:Put",
        ] {
            let filter = of_events(&[event]);
            assert!(filter.matches("k", Created) && !filter.matches("k", Removed), "{event}");
        }
        for event in ["s3:ObjectRemoved:*", "ObjectRemoved", "Delete", "ObjectRemoved:Delete"] {
            let filter = of_events(&[event]);
            assert!(filter.matches("k", Removed) && !filter.matches("k", Created), "{event}");
        }
        assert!(!of_events(&["Post", "s3:ObjectCreated:Copy"]).matches("k", Created));
    }

    #[test]
    fn prefix_and_suffix_select_objects_and_do_not_overlap_beyond_the_key() {
        let data = json!({"bucket": "b", "events": ["Put"], "prefix": "in/", "suffix": ".png"});
        let filter = filter("OBS", &data).expect("it is valid").expect("it is about objects");
        let matches = |key: &str| filter.matches(key, Operation::Created);
        assert!(matches("in/a.png") && matches("in/.png"));
        assert!(!matches("a.png") && !matches("in/a.jpg") && !matches(".png"));
    }

    #[test]
    fn eventgrid_is_about_objects_if_its_source_is_obs() {
        let data = json!({
            "source_name": "HC.OBS.DWR", "bucket": "b", "Key_encode": true,
            "event_types": ["OBS:DWR:ObjectCreated:PUT"]
        });
        let filter = filter("EVENTGRID", &data).expect("it is valid").expect("it is about objects");
        assert_eq!(filter.form, Form::CloudEvent { is_key_encoded: true });
        assert!(filter.matches("k", Operation::Created));
        assert_eq!(self::filter("EVENTGRID", &json!({"source_name": "HC.ROCKETMQ"})), Ok(None));
        assert_eq!(self::filter("SMN", &json!({"bucket": "../x"})), Ok(None));
    }

    #[test]
    fn a_bucket_is_never_a_path() {
        for bucket in
            ["", ".", "..", "a/b", "../a", "a..b", "A", "a\\b", "a b", ".a", "a.", &"a".repeat(65)]
        {
            let error = filter("OBS", &json!({"bucket": bucket, "events": ["Put"]}))
                .expect_err("it is not valid");
            assert!(error.contains("is not the name of a bucket"), "{error}");
        }
        for (events, reason) in [
            (json!(null), "not a list"),
            (json!([1]), "not a list"),
            (json!([]), "no events"),
            (json!(["Got"]), "no event \"got\""),
            (json!(["ObjectCreated:Delete"]), "no event"),
        ] {
            let error = filter("OBS", &json!({"bucket": "b", "events": events}))
                .expect_err("it is not valid");
            assert!(error.contains(reason), "{error}");
        }
    }
}
