//! The files of a new project, from the templates in `templates/`.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::new::workspace::PROFILE;
use crate::trigger::Trigger;

/// What the function is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Events of a trigger, or the user's own events.
    Event(Option<Trigger>),
    /// HTTP requests, with an axum router.
    Http,
}

/// The published version that matches this program.
const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

/// A project to be written.
pub(super) struct ProjectFiles<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// A clone of this repository to depend on.
    pub(super) fg: Option<&'a Path>,
    /// Whether it is inside a workspace of which it is not a member.
    pub(super) is_separate: bool,
    /// Whether it gets the release profile, which only the root of a workspace can have.
    pub(super) has_profile: bool,
}

impl Kind {
    /// The command that tries out the function.
    pub(super) fn invoke_command(self) -> String {
        match self {
            Self::Event(None) => "cargo fg invoke -d '{\"name\":\"Ada\"}'".into(),
            Self::Event(Some(trigger)) => format!("cargo fg invoke --fixture {}", trigger.name()),
            Self::Http => "cargo fg dev".into(),
        }
    }

    /// The command that invokes the function once, with the sample event.
    fn invoke_on_sample(self) -> String {
        match self {
            Self::Event(_) => self.invoke_command(),
            Self::Http => "cargo fg invoke -f event.json".into(),
        }
    }

    fn feature(self) -> Option<String> {
        match self {
            Self::Event(None) => None,
            Self::Event(Some(trigger)) => Some(format!("events-{}", trigger.name())),
            Self::Http => Some("http".into()),
        }
    }

    fn source(self) -> String {
        match self {
            Self::Http => include_str!("../../templates/functions/http.rs").to_owned(),
            Self::Event(None) => include_str!("../../templates/functions/none.rs").to_owned(),
            Self::Event(Some(trigger)) => match handler(trigger) {
                None => include_str!("../../templates/functions/apig.rs").to_owned(),
                Some(Handler { function, event, expected }) => {
                    include_str!("../../templates/event_main.rs")
                        .replace("{{function}}", function)
                        .replace("{{module}}", &trigger.name().replace('-', "_"))
                        .replace("{{type}}", event)
                        .replace("{{expected}}", expected)
                }
            },
        }
    }

    /// A sentence about how to use the function while `cargo fg dev` serves it.
    fn example_of_use(self) -> &'static str {
        match self {
            Self::Event(Some(Trigger::Apig)) => {
                "While `cargo fg dev` runs: `curl 'http://127.0.0.1:9000/orders/7?name=Ada'`."
            }
            Self::Http => {
                "While `cargo fg dev` runs: `curl http://127.0.0.1:9000/hello/Ada`. `event.json` is that request as API Gateway sends it."
            }
            Self::Event(None) => {
                "While `cargo fg dev` runs: `curl http://127.0.0.1:9000/ -d @event.json`."
            }
            Self::Event(Some(Trigger::Timer)) => {
                "`cargo fg dev --timer '@every 10s'` also invokes it every 10 seconds."
            }
            Self::Event(Some(_)) => {
                "While `cargo fg dev` runs: `curl http://127.0.0.1:9000/ -d @event.json`. The event is a sample."
            }
        }
    }

    /// A sentence about the trigger that the function needs on the platform.
    fn trigger_to_create(self) -> &'static str {
        match self {
            Self::Http | Self::Event(Some(Trigger::Apig)) => {
                " Then create a trigger of API Gateway for it."
            }
            Self::Event(_) => "",
        }
    }

    /// The sample event.
    fn event(self) -> &'static str {
        match self {
            Self::Event(None) => "{\"name\":\"Ada\"}\n",
            Self::Event(Some(trigger)) => trigger.fixture(),
            Self::Http => include_str!("../../templates/request.json"),
        }
    }

    /// The dependencies besides `functiongraph`.
    fn other_dependencies(self, source: &str) -> String {
        let mut lines = String::new();
        if self == Self::Http {
            lines += "axum = { version = \"0.8\", default-features = false }\n";
        }
        if source.contains("serde::") {
            lines += "serde = { version = \"1\", features = [\"derive\"] }\n";
        }
        if source.contains("serde_json::") {
            lines += "serde_json = \"1\"\n";
        }
        lines
    }
}

/// A handler of a trigger's events.
struct Handler {
    /// Its source.
    function: &'static str,
    /// The type of its event, if several triggers share the source.
    event: &'static str,
    /// What it returns for the sample event.
    expected: &'static str,
}

/// `None` for API Gateway, whose template has its own test, since its response has several parts.
fn handler(trigger: Trigger) -> Option<Handler> {
    use Trigger as T;
    let (function, event, expected) = match trigger {
        T::Apig => return None,
        T::Cts => (
            include_str!("../../templates/functions/cts.rs"),
            "",
            r#""ada did createServer to web-1""#,
        ),
        T::Dds => (
            include_str!("../../templates/functions/documents.rs"),
            "DdsEvent",
            r#"["insert shop.orders"]"#,
        ),
        T::Dis => (include_str!("../../templates/functions/dis.rs"), "", r#"["meter-2"]"#),
        T::Dms => (include_str!("../../templates/functions/dms.rs"), "", "[7]"),
        T::Eventgrid => (include_str!("../../templates/functions/eventgrid.rs"), "", "7"),
        T::GeminiMongo => (
            include_str!("../../templates/functions/documents.rs"),
            "GeminiMongoEvent",
            r#"["insert shop.orders"]"#,
        ),
        T::Iotda => {
            (include_str!("../../templates/functions/iotda.rs"), "", r#"["meter-1: climate"]"#)
        }
        T::Kafka => (include_str!("../../templates/functions/messages.rs"), "KafkaEvent", "3"),
        T::KafkaOpenSource => {
            (include_str!("../../templates/functions/messages.rs"), "OpenSourceKafkaEvent", "3")
        }
        T::Lts => (include_str!("../../templates/functions/lts.rs"), "", "1"),
        T::Notification => (
            include_str!("../../templates/functions/notification.rs"),
            "",
            r#""FunctionReturnError""#,
        ),
        T::Obs => (
            include_str!("../../templates/functions/obs.rs"),
            "",
            r#"["2026/march/sea and sky.jpg"]"#,
        ),
        T::ObsEventgrid => (
            include_str!("../../templates/functions/obs_eventgrid.rs"),
            "",
            r#""photos/march/sea.jpg""#,
        ),
        T::Rabbitmq => {
            (include_str!("../../templates/functions/messages.rs"), "RabbitMqEvent", "3")
        }
        T::Rocketmq => {
            (include_str!("../../templates/functions/messages.rs"), "RocketMqEvent", "3")
        }
        T::Smn => (include_str!("../../templates/functions/smn.rs"), "", r#"["Disk nearly full"]"#),
        T::Timer => {
            (include_str!("../../templates/functions/timer.rs"), "", r#""nightly-report is done""#)
        }
    };
    Some(Handler { function, event, expected })
}

impl ProjectFiles<'_> {
    pub(super) fn write(&self, directory: &Path) -> Result<(), Failure> {
        let source = self.kind.source();
        let mut manifest =
            include_str!("../../templates/manifest.toml").replace("{{name}}", self.name).replace(
                "{{dependencies}}",
                &format!("{}{}", self.fg_dependency(), self.kind.other_dependencies(&source)),
            );
        if self.has_profile {
            manifest += PROFILE;
        }
        if self.is_separate {
            manifest += "\n# It is not a member of the enclosing workspace.\n[workspace]\n";
        }
        let readme = include_str!("../../templates/README.md")
            .replace("{{name}}", self.name)
            .replace("{{invoke}}", &self.kind.invoke_on_sample())
            .replace("{{try}}", self.kind.example_of_use())
            .replace("{{trigger}}", self.kind.trigger_to_create());
        for (file, text) in [
            ("Cargo.toml", manifest.as_str()),
            ("src/main.rs", &source),
            ("README.md", &readme),
            ("event.json", self.kind.event()),
            (".gitignore", include_str!("../../templates/gitignore")),
        ] {
            let path = directory.join(file);
            fs::write(&path, text).map_err(|error| {
                Failure::machine(format!("{} could not be written", path.display()), &error)
            })?;
        }
        Ok(())
    }

    fn fg_dependency(&self) -> String {
        let from = match self.fg {
            Some(path) => format!("path = {}", toml::Value::from(path.display().to_string())),
            None => format!("version = {VERSION:?}"),
        };
        let features = self
            .kind
            .feature()
            .map(|feature| format!(", features = [\"{feature}\"]"))
            .unwrap_or_default();
        match (self.fg, features.is_empty()) {
            (None, true) => format!("functiongraph = {VERSION:?}\n"),
            _ => format!("functiongraph = {{ {from}{features} }}\n"),
        }
    }
}
