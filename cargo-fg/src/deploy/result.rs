//! What a deployment ends with: the URN, the version, the alias, and the URLs of the function.

use std::time::Duration;

use fg_client::FunctionUrn;
use fg_client::triggers::Trigger;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::cloud::{self, Cloud};
use crate::deploy::OutputFormat;
use crate::deploy::plan::{Goal, Plan};
use crate::failure::{Exit, Failure};
use crate::printable::{Form, printable};
use crate::screen::Screen;

/// How long `--wait` waits, as Terraform's provider does for triggers.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The result.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Of the alias, if there is one.
    urn: FunctionUrn,
    version: Option<String>,
    alias: Option<String>,
    urls: Vec<String>,
}

impl Outcome {
    /// Asks the platform for what it has made, and waits for it if that is wanted.
    pub(crate) fn read(
        cloud: &Cloud,
        goal: &Goal<'_>,
        plan: &Plan,
        waits: bool,
        screen: Screen,
    ) -> Result<Self, Failure> {
        let urn = goal.target();
        if waits {
            screen.step("Waiting", "for the code and the triggers");
            cloud.wait(wait(cloud, goal, plan))?;
        }
        let has_urls = goal.desired.triggers.iter().any(|trigger| {
            ["APIG", "DEDICATEDGATEWAY", "APIC"].contains(&trigger.type_code.as_str())
        });
        let mut urls = Vec::new();
        if has_urls {
            let triggers = cloud.wait(cloud.client.function(&urn).triggers());
            urls = triggers.map_err(cloud::failure)?.iter().filter_map(invoke_url).collect();
        }
        Ok(Self {
            urn,
            version: plan.version.as_ref().map(|version| version.name.clone()),
            alias: goal.options.alias.clone(),
            urls,
        })
    }

    /// Prints the result to standard output.
    pub(crate) fn print(&self, mut document: Value, output: OutputFormat, screen: Screen) {
        if output == OutputFormat::Json {
            document["version"] = json!(self.version);
            document["alias"] = json!(self.alias);
            document["invoke_urls"] = json!(self.urls);
            document["deployed"] = true.into();
            println!("{document:#}");
            return;
        }
        let mut text = format!("urn      {}\n", self.urn);
        for (name, value) in [("version", &self.version), ("alias", &self.alias)] {
            text += &value.iter().map(|value| format!("{name:8} {value}\n")).collect::<String>();
        }
        text += &self.urls.iter().map(|url| format!("url      {url}\n")).collect::<String>();
        print!("{}", printable(&text, Form::Text));
        let alias = self.alias.as_ref().map(|alias| format!(" --alias {alias}"));
        screen.note(format_args!(
            "to invoke it: cargo fg invoke --remote{} -d '{{}}'",
            alias.unwrap_or_default()
        ));
    }
}

fn invoke_url(trigger: &Trigger) -> Option<String> {
    let url = trigger.event_data.as_ref()?.get("invoke_url")?.as_str()?;
    (!url.is_empty()).then(|| url.to_owned())
}

/// Waits until the platform tells the new code, and no trigger is `PENDING`.
async fn wait(cloud: &Cloud, goal: &Goal<'_>, plan: &Plan) -> Result<(), Failure> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(200);
    let version = plan.version.as_ref().map_or("latest", |version| &version.name);
    loop {
        let code = cloud.client.function(goal.urn.with_version(version)).config().await;
        let code = code.map_err(cloud::failure)?;
        let is_new = goal.code.digest().is_none_or(|digest| code.digest.as_deref() == Some(digest));
        let triggers = cloud.client.function(goal.target()).triggers().await;
        let triggers = triggers.map_err(cloud::failure)?;
        let is_final = |trigger: &Trigger| {
            matches!(trigger.trigger_status.as_deref(), None | Some("ACTIVE" | "DISABLED"))
        };
        if is_new && triggers.iter().all(is_final) {
            return Ok(());
        }
        if began.elapsed() > LONGEST_WAIT {
            let what = if is_new { "a trigger is not active" } else { "the code is not there" };
            return Err(Failure::new(
                Exit::Failed,
                format!("{what} after {} seconds", LONGEST_WAIT.as_secs()),
            )
            .advise("everything was sent: look with `cargo fg status`"));
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}
