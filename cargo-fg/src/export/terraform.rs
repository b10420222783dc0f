//! `main.tf` of a function: which resources, and which arguments they have.

use std::collections::BTreeSet;

use crate::desired::{Asynchronous, Desired, Destination, Log, Runtime, Trigger};
use crate::export::hcl::{Block, Item, Value, quoted, render};
use crate::export::provider::{Names, Provider};
use crate::export::variables::{Variables, identifier, unique};

/// The beginning of each file that this command has written.
pub(super) const MARK: &str = "# Written by `cargo fg export terraform`";

/// What a function has on the platform if the manifest has no `memory`, in MB.
const DEFAULT_MEMORY: u32 = 128;
/// What a function has on the platform if the manifest has no `timeout`, in seconds.
const DEFAULT_TIMEOUT: u32 = 3;
/// The platform's own values for asynchronous invocations (API reference, "configuring asynchronous
/// execution notification"), which the providers demand.
const DEFAULT_MAX_AGE: u32 = 3600;
const DEFAULT_MAX_RETRIES: u32 = 1;

/// The types of triggers to which the platform adds fields, such as the URL, that the provider
/// would take for a change.
const ENRICHED: [&str; 4] = ["APIG", "DEDICATEDGATEWAY", "APIC", "EVENTGRID"];
/// The types of triggers that the platform creates switched off.
const OFF_AT_FIRST: [&str; 2] = ["DDS", "KAFKA"];

/// Where the code of a function is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// The path of the package, relative to the module, and its file name.
    Package { path: String, file_name: String },
    /// The URL of the package in OBS.
    Url(String),
}

/// What is exported.
pub(super) struct Export<'a> {
    pub(super) desired: &'a Desired,
    pub(super) provider: Provider,
    pub(super) code: &'a Code,
    /// An alias for the latest version.
    pub(super) alias: Option<&'a str>,
}

/// The text of the file.
pub(super) fn file(export: &Export<'_>) -> String {
    let items = export.items();
    format!("{}\n\n{}", export.header(), render(&items))
}

impl Export<'_> {
    fn names(&self) -> &'static Names {
        self.provider.names()
    }

    fn header(&self) -> String {
        format!(
            "{MARK} from the manifest of a function.\n\
             # Change the manifest and write it again, rather than this file.\n\
             # The provider takes region and credentials from its configuration, or from\n\
             # {}.",
            self.names().credentials
        )
    }

    /// The blocks of the file.
    pub(super) fn items(&self) -> Vec<Item> {
        let mut variables = Variables::default();
        let mut resources = vec![self.function(&mut variables)];
        if let Some(asynchronous) = &self.desired.asynchronous {
            resources.push(self.asynchronous(asynchronous));
        }
        let mut labels = BTreeSet::new();
        for trigger in &self.desired.triggers {
            let wanted = match &trigger.name {
                Some(name) => format!("{}_{}_{name}", self.desired.name, trigger.type_code),
                None => format!("{}_{}", self.desired.name, trigger.type_code),
            };
            let label = unique(&identifier(&wanted.to_lowercase()), &mut labels);
            resources.push(self.trigger(trigger, &label, &mut variables));
        }
        let mut items = vec![Item::Block(self.requirements())];
        items.extend(variables.blocks.into_iter().chain(resources).map(Item::Block));
        items
    }

    fn requirements(&self) -> Block {
        let names = self.names();
        let mut providers = Block::new("required_providers", &[]);
        let source = format!("{0}/{0}", names.provider);
        let version = format!(">= {}", names.version);
        let about = [("source", source), ("version", version)];
        let about = about.map(|(key, value)| (key.to_owned(), Value::String(value)));
        providers.set(names.provider, Value::Object(about.into()));
        let mut terraform = Block::new("terraform", &[]);
        terraform.add(providers);
        terraform
    }

    /// The label of the function's resource.
    fn label(&self) -> String {
        identifier(&self.desired.name)
    }

    /// A reference to the function's URN.
    fn urn(&self) -> String {
        format!("{}.{}.urn", self.names().function, self.label())
    }

    fn function(&self, variables: &mut Variables) -> Block {
        let (desired, names) = (self.desired, self.names());
        let mut block = Block::new("resource", &[names.function, &self.label()]);
        block.set("name", desired.name.as_str());
        block.set("app", desired.app.as_str());
        block.set("runtime", runtime(&desired.runtime));
        block.set("handler", desired.handler.as_str());
        block.set("memory_size", desired.memory.unwrap_or(DEFAULT_MEMORY));
        block.set("timeout", desired.timeout.unwrap_or(DEFAULT_TIMEOUT));
        if let Some(description) = &desired.description {
            block.set("description", description.as_str());
        }
        block.set("functiongraph_version", "v2");
        block.blank();
        self.code(&mut block);
        self.variables_of_the_function(&mut block, variables);
        self.rights_and_network(&mut block);
        self.scaling(&mut block);
        if let Some(log) = &desired.log {
            self.log(&mut block, log, variables);
        }
        if let Some(alias) = self.alias {
            let mut aliases = Block::new("aliases", &[]);
            aliases.set("name", alias);
            let mut versions = Block::new("versions", &[]);
            versions.set("name", "latest");
            versions.add(aliases);
            block.blank();
            block.comment(
                "Terraform publishes no version for each change: `cargo fg deploy --alias` does.",
            );
            block.add(versions);
        }
        block
    }

    fn code(&self, block: &mut Block) {
        match (&self.desired.runtime, self.code) {
            (Runtime::Image(url), _) => {
                block.set("code_type", "Custom-Image-Swr");
                let mut image = Block::new("custom_image", &[]);
                image.set("url", url.as_str());
                block.add(image);
            }
            (_, Code::Package { path, file_name }) => {
                block.set("code_type", "zip");
                block.set("code_filename", file_name.as_str());
                block.set("func_code", Value::File(path.clone()));
            }
            (_, Code::Url(url)) => {
                block.comment("Terraform notices a new package only by a new URL.");
                block.set("code_type", "obs");
                block.set("code_url", url.as_str());
            }
        }
    }

    fn variables_of_the_function(&self, block: &mut Block, variables: &mut Variables) {
        let desired = self.desired;
        if !desired.variables.0.is_empty() {
            block.blank();
            let entries = desired.variables.0.iter();
            let entries = entries.map(|(name, value)| (name.clone(), value.as_str().into()));
            block.set("user_data", Value::Encoded(entries.collect()));
        }
        if !desired.secrets.is_empty() {
            block.blank();
            let entries = desired.secrets.keys().map(|name| {
                let about =
                    format!("The encrypted variable {name} of the function {}.", desired.name);
                let of_shell = desired.references.get(name);
                (name.clone(), variables.sensitive(of_shell, name, &about))
            });
            block.set("encrypted_user_data", Value::Encoded(entries.collect()));
        }
    }

    fn rights_and_network(&self, block: &mut Block) {
        let desired = self.desired;
        if desired.agency.is_some() || desired.configuration_agency.is_some() {
            block.blank();
        }
        if let Some(agency) = &desired.agency {
            block.set("app_agency", agency.as_str());
        }
        if let Some(agency) = &desired.configuration_agency {
            block.set("agency", agency.as_str());
        }
        if let Some(vpc) = &desired.vpc {
            block.blank();
            block.set("vpc_id", vpc.id.as_str());
            block.set("network_id", vpc.subnet_id.as_str());
            if !vpc.security_groups.is_empty() {
                self.lacks(block, "security groups", &vpc.security_groups.join(", "));
            }
        }
    }

    fn scaling(&self, block: &mut Block) {
        let desired = self.desired;
        let values = [desired.ephemeral_storage, desired.concurrency];
        if values.iter().any(Option::is_some) || desired.max_instances.is_some() {
            block.blank();
        }
        if let Some(size) = desired.ephemeral_storage {
            match self.names().ephemeral_storage {
                Some(name) => block.set(name, size),
                None => self.lacks(block, "the size of ephemeral storage", &format!("{size} MB")),
            }
        }
        if let Some(concurrency) = desired.concurrency {
            block.set("concurrency_num", concurrency);
        }
        if let Some(most) = desired.max_instances {
            // A string, because the provider tells 0 from nothing that way.
            block.set("max_instance_num", most.to_string().as_str());
        }
    }

    fn log(&self, block: &mut Block, log: &Log, variables: &mut Variables) {
        let names = self.names();
        block.blank();
        if let Some(lts) = log.lts {
            match names.enable_lts_log {
                Some(name) => block.set(name, Value::Bool(lts)),
                None => self.lacks(block, "the switch of the log", if lts { "on" } else { "off" }),
            }
        }
        if let (Some(group), Some(stream)) = (&log.group_id, &log.stream_id) {
            // The providers want the names as well, of which the API says nothing.
            let name_of = |what: &str, id: &str| format!("The name of the log {what} {id}.");
            block.set("log_group_id", group.as_str());
            block
                .set("log_group_name", variables.plain("log_group_name", &name_of("group", group)));
            block.set(names.log_stream_id, stream.as_str());
            let stream_name = variables.plain(names.log_stream_name, &name_of("stream", stream));
            block.set(names.log_stream_name, stream_name);
        }
        if !log.labels.is_empty() {
            let labels = log.labels.iter();
            match names.lts_custom_tag {
                Some(name) => {
                    let labels = labels.map(|(key, value)| (key.clone(), value.as_str().into()));
                    block.set(name, Value::Object(labels.collect()));
                }
                None => {
                    let labels: Vec<_> =
                        labels.map(|(key, value)| format!("{key} = {value}")).collect();
                    self.lacks(block, "the labels of the log", &labels.join(", "));
                }
            }
        }
    }

    /// A comment for what the manifest has and the provider cannot set.
    fn lacks(&self, block: &mut Block, what: &str, value: &str) {
        let provider = self.names().provider;
        block.comment(format!("{provider} {} cannot set {what}: {value}", self.names().version));
    }

    fn asynchronous(&self, asynchronous: &Asynchronous) -> Block {
        let mut block = Block::new("resource", &[self.names().asynchronous, &self.label()]);
        let age = asynchronous.max_age.unwrap_or(DEFAULT_MAX_AGE);
        let retries = asynchronous.max_retries.unwrap_or(DEFAULT_MAX_RETRIES);
        block.set("function_urn", Value::Expression(self.urn()));
        block.set("max_async_event_age_in_seconds", age);
        block.set("max_async_retry_attempts", retries);
        let destinations =
            [("on_success", &asynchronous.on_success), ("on_failure", &asynchronous.on_failure)];
        for (name, destination) in destinations {
            if let Some(Destination { kind, param }) = destination {
                let mut inner = Block::new(name, &[]);
                inner.set("destination", kind.as_str());
                inner.set("param", encoded(param));
                block.add(inner);
            }
        }
        block
    }

    fn trigger(&self, trigger: &Trigger, label: &str, variables: &mut Variables) -> Block {
        let names = self.names();
        let kind = trigger.type_code.as_str();
        let mut block = Block::new("resource", &[names.trigger, label]);
        block.set("function_urn", Value::Expression(self.urn_of_triggers()));
        block.set("type", kind);
        if let Some(enabled) = trigger.enabled {
            if names.ignores_status_at_first && enabled == OFF_AT_FIRST.contains(&kind) {
                block.comment("The provider sets this only on a trigger that exists: apply twice.");
            }
            block.set("status", if enabled { "ACTIVE" } else { "DISABLED" });
        }
        block.set("event_data", Value::Encoded(self.event_data(trigger, label, variables)));
        if ENRICHED.contains(&kind) || !trigger.passwords.is_empty() {
            let mut lifecycle = Block::new("lifecycle", &[]);
            lifecycle.comment(
                "The platform answers with other fields than it was sent. To change the trigger:",
            );
            lifecycle.comment(format!("terraform apply -replace={}.{label}", names.trigger));
            lifecycle.set("ignore_changes", Value::Expression("[event_data]".to_owned()));
            block.add(lifecycle);
        }
        block
    }

    /// The URN of what triggers invoke: the alias, if there is one.
    fn urn_of_triggers(&self) -> String {
        self.alias.map_or_else(
            || self.urn(),
            |alias| {
                let urn = format!("${{{}}}:!", self.urn());
                quoted(alias).replacen('"', &format!("\"{urn}"), 1)
            },
        )
    }

    fn event_data(
        &self,
        trigger: &Trigger,
        label: &str,
        variables: &mut Variables,
    ) -> Vec<(String, Value)> {
        let settings = trigger.settings.iter();
        let mut data: Vec<_> = settings.map(|(key, value)| (key.clone(), value.into())).collect();
        for key in trigger.passwords.keys() {
            let about = format!("The {key} of the trigger {label}.");
            let name = format!("{label}_{key}");
            let value = variables.sensitive(trigger.references.get(key), &name, &about);
            data.push((key.clone(), value));
        }
        data
    }
}

fn runtime(runtime: &Runtime) -> &'static str {
    match runtime {
        Runtime::Custom => "Custom",
        Runtime::Http => "http",
        Runtime::Image(_) => "Custom Image",
    }
}

/// JSON in a string: as `jsonencode`, if it is an object.
fn encoded(json: &str) -> Value {
    match serde_json::from_str(json).map(|json: serde_json::Value| Value::from(&json)) {
        Ok(Value::Object(entries)) => Value::Encoded(entries),
        _ => json.into(),
    }
}
