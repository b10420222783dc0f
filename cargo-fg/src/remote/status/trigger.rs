//! A trigger as it is listed: its type, its name, and what it waits for. Passwords are left out.

use fg_client::triggers;
use serde_json::{Value, json};

/// A trigger of a function.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) id: String,
    /// The alias that it invokes; `None` for the function itself.
    alias: Option<String>,
    type_code: String,
    name: Option<String>,
    status: String,
    /// What it waits for.
    about: String,
    url: Option<String>,
}

/// What is told of a trigger by its type: the fields that say what it waits for.
const FIELDS: [(&str, &[&str]); 14] = [
    ("TIMER", &["schedule"]),
    ("APIG", &["req_method", "path"]),
    ("DEDICATEDGATEWAY", &["req_method", "path"]),
    ("APIC", &["req_method", "path"]),
    ("OBS", &["bucket", "events", "prefix", "suffix"]),
    ("SMN", &["topic_urn"]),
    ("LTS", &["log_group_id", "log_topic_id"]),
    ("CTS", &["operations"]),
    ("DDS", &["instance_id", "db_name", "collection_name"]),
    ("GAUSSMONGO", &["instance_id", "db_name", "collection_name"]),
    ("KAFKA", &["instance_id", "topic_ids"]),
    ("RABBITMQ", &["instance_id", "exchange_name"]),
    ("DIS", &["stream_name"]),
    ("EVENTGRID", &["channel_name", "source_name", "bucket", "event_types"]),
];

impl Trigger {
    pub(crate) fn new(trigger: triggers::Trigger, alias: Option<&str>) -> Self {
        let type_code = trigger.trigger_type_code.unwrap_or_default();
        let data = trigger.event_data.unwrap_or_default();
        let field = |name: &str| data.get(name).and_then(text).filter(|text| !text.is_empty());
        let known = FIELDS.iter().find(|(code, _)| *code == type_code);
        let fields = known.map_or(&["instance_id", "topic", "queue_id"][..], |(_, fields)| fields);
        let about: Vec<_> = fields.iter().filter_map(|name| field(name)).collect();
        let of_gateway = data.get("func_info").and_then(|info| info.get("version"));
        let of_gateway = of_gateway.and_then(Value::as_str).and_then(|it| it.strip_prefix('!'));
        Self {
            id: trigger.trigger_id.unwrap_or_default(),
            alias: alias.or(of_gateway).map(str::to_owned),
            name: field("trigger_name").or_else(|| field("api_name")).or_else(|| field("name")),
            status: trigger.trigger_status.unwrap_or_default(),
            about: about.join(" "),
            url: field("invoke_url"),
            type_code,
        }
    }

    /// What triggers are sorted by.
    pub(crate) fn key(&self) -> (&str, Option<&str>, &str) {
        (&self.type_code, self.name.as_deref(), &self.id)
    }

    /// The trigger on one line: `TIMER nightly, ACTIVE: 0 15 2 * * ?`.
    pub(crate) fn line(&self) -> String {
        let Self { type_code, status, about, .. } = self;
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let alias = self.alias.as_ref().map(|alias| format!(" of {alias}")).unwrap_or_default();
        let about = if about.is_empty() { String::new() } else { format!(": {about}") };
        let url = self.url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
        format!("{type_code}{name}{alias}, {status}{about}{url}")
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "type": self.type_code,
            "name": self.name,
            "alias": self.alias,
            "status": self.status,
            "about": self.about,
            "invoke_url": self.url,
        })
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(values.iter().filter_map(text).collect::<Vec<_>>().join(",")),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_told_by_what_it_waits_for_and_without_its_password() {
        let of = |type_code: &str, data: Value| {
            let trigger = json!({
                "trigger_id": "t-1", "trigger_type_code": type_code,
                "trigger_status": "ACTIVE", "event_data": data,
            });
            Trigger::new(serde_json::from_value(trigger).expect("a trigger"), Some("prod"))
        };
        let kafka =
            json!({"instance_id": "i", "topic_ids": ["a", "b"], "kafka_password": "s3cr3t"});
        let kafka = of("KAFKA", kafka);
        assert_eq!(kafka.line(), "KAFKA of prod, ACTIVE: i a,b");
        assert!(!format!("{kafka:?}{}", kafka.to_json()).contains("s3cr3t"));
        let api = json!({"api_name": "orders", "req_method": "GET", "path": "/orders", "invoke_url": "https://x/orders"});
        assert_eq!(
            of("DEDICATEDGATEWAY", api).line(),
            "DEDICATEDGATEWAY orders of prod, ACTIVE: GET /orders at https://x/orders"
        );
        assert_eq!(of("NEW", json!({})).line(), "NEW of prod, ACTIVE");
    }
}
