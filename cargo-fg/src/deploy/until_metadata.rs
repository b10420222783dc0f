//! What the metadata will have.
use serde_json::{Map, Value};

use crate::desired::{Desired, Runtime, Trigger, Variables};
use crate::failure::Failure;
use crate::project::Function;

pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) old: Value,
    pub(crate) new: Value,
}

impl Default for Trigger {
    fn default() -> Self {
        Self {
            type_code: String::new(),
            name: None,
            enabled: None,
            settings: Map::new(),
            passwords: Default::default(),
        }
    }
}

impl Trigger {
    pub(crate) fn is_same(&self, type_code: &str, event_data: &Map<String, Value>) -> bool {
        self.type_code == type_code && self.settings.get("name") == event_data.get("name")
    }
    pub(crate) fn differences(&self, event_data: &Map<String, Value>) -> Vec<Difference> {
        self.settings
            .iter()
            .filter(|(field, value)| event_data.get(*field) != Some(value))
            .map(|(field, value)| Difference {
                field: field.clone(),
                old: event_data.get(field).cloned().unwrap_or_default(),
                new: value.clone(),
            })
            .collect()
    }
    pub(crate) fn title(&self) -> String {
        format!(
            "{} {}",
            self.type_code.to_lowercase(),
            self.settings.get("name").and_then(Value::as_str).unwrap_or_default()
        )
    }
}

impl Desired {
    pub(crate) fn resolve(function: &Function, image: Option<&str>) -> Result<Self, Failure> {
        let metadata = &function.metadata;
        let triggers = metadata.timers.iter().map(|timer| {
            let mut settings = Map::new();
            settings.insert("name".into(), timer.name.clone().unwrap_or_default().into());
            settings.insert("schedule_type".into(), "Cron".into());
            settings.insert("schedule".into(), timer.schedule.clone().into());
            Trigger {
                type_code: "TIMER".into(),
                name: timer.name.clone(),
                settings,
                ..Trigger::default()
            }
        });
        Ok(Self {
            name: function.unique_name.clone(),
            app: "default".into(),
            runtime: image.map_or(Runtime::Custom, |image| Runtime::Image(image.into())),
            handler: image.map_or("bootstrap", |_| "-").into(),
            memory: metadata.memory,
            timeout: metadata.timeout,
            description: None,
            variables: Variables(metadata.environment.clone()),
            secrets: Default::default(),
            agency: None,
            configuration_agency: None,
            vpc: None,
            ephemeral_storage: None,
            concurrency: None,
            max_instances: None,
            log: None,
            asynchronous: None,
            triggers: triggers.collect(),
        })
    }
}
