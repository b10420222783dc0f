//! The requests of Terraform's provider, in its order, with its headers and its signature, its
//! paging loops and its waiters.
//!
//! The provider itself is not run. `terraform/*.json` has what it sends, written down from its
//! source (huaweicloud/terraform-provider-huaweicloud at a0345b8dcc81, over chnsz/golangsdk at
//! 83ad1d270e52), what it takes as success, and what it asserts of the answers. A file has
//!
//! - `steps`: a request, or `{"read": NAME}` for the requests of a `terraform refresh`, or
//!   `{"plan": NAME}` for the same again, whose answers must be those of the last `read`: a
//!   difference there would be a difference in the plan;
//! - `reads`: the requests by those names.
//!
//! A request has `method`, `path`, `query`, `body`, the `status` that is success, `checks`, and
//! `keep`: values of the answer for later requests, which name them in braces. `pages` asks again,
//! as the provider does, until a page is empty. `wait` asks again until the answer is one of
//! `until`; the provider looks for the first time after `first_after_seconds`, and by then it must
//! be so, or each change would cost another `then_every_seconds`.
//!
//! Each file is a scenario of its own, against a server of its own.

#[path = "terraform/client.rs"]
mod client;
mod start;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{Answer, Client};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha512};
use start::{REGION, sleeper, start};

/// One scenario while it is played.
struct Player {
    client: Client,
    file: String,
    names: HashMap<String, String>,
    reads: Map<String, Value>,
    last: HashMap<String, Vec<Value>>,
}

impl Player {
    /// The text with the names in braces replaced.
    fn fill_in(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    /// The same in every string of a value.
    fn fill_in_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill_in(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_in_value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), self.fill_in_value(field)))
                .collect(),
            other => other.clone(),
        }
    }

    fn send(&mut self, request: &Value, more_query: &[(&str, String)]) -> Answer {
        let method = request["method"].as_str().expect("a method");
        let path = self.fill_in(request["path"].as_str().expect("a path"));
        let mut query: Vec<(String, String)> = request["query"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), self.fill_in(value.as_str().expect("a string"))))
            .collect();
        query.extend(more_query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let body = request.get("body").map(|body| self.fill_in_value(body).to_string());
        self.client.send(method, &path, query, body.as_deref())
    }

    fn describe(&self, request: &Value) -> String {
        let about =
            request["about"].as_str().map(|about| format!(" ({about})")).unwrap_or_default();
        format!("{}: {} {}{about}", self.file, request["method"], request["path"])
    }

    /// Sends a request, with its paging or waiting, checks the answer, and keeps what later ones
    /// need.
    fn play(&mut self, request: &Value) -> Value {
        let place = self.describe(request);
        let body = if let Some(pages) = request.get("pages") {
            self.all_pages(request, pages, &place)
        } else if let Some(wait) = request.get("wait") {
            self.wait(request, wait, &place)
        } else {
            let answer = self.send(request, &[]);
            must_succeed(request, &answer, &place);
            answer.body
        };
        self.check(&request["checks"], &body, &place);
        for (name, source) in request["keep"].as_object().into_iter().flatten() {
            self.keep(name, source, &body, &place);
        }
        body
    }

    /// Keeps a value of the answer; from `id`, the URN, also what the provider cuts out of it.
    fn keep(&mut self, name: &str, source: &Value, body: &Value, place: &str) {
        let found = match source {
            Value::String(pointer) => body.pointer(pointer),
            rule => body
                .pointer(rule["list"].as_str().expect("a pointer"))
                .and_then(Value::as_array)
                .and_then(|items| items.iter().find(|item| has_fields(item, &rule["with"])))
                .and_then(|item| item.get(rule["field"].as_str().expect("a name"))),
        };
        let Some(value) = found.and_then(Value::as_str) else {
            panic!("{place}: {source} is not in {body}");
        };
        if name == "id" {
            let cut = value.rfind(':').map_or(value, |colon| &value[..colon]);
            self.names.insert("urn".into(), cut.to_owned());
        }
        self.names.insert(name.to_owned(), value.to_owned());
    }

    /// The items of all pages: the provider adds the number of those that it has, until there are
    /// none.
    fn all_pages(&mut self, request: &Value, pages: &Value, place: &str) -> Value {
        let at_most = pages["at_most"].as_u64().expect("a number");
        let mut items = Vec::new();
        for _ in 0..at_most {
            let answer = self.send(request, &[("marker", items.len().to_string())]);
            must_succeed(request, &answer, place);
            let list = answer.body.pointer(pages["list"].as_str().expect("a pointer"));
            // What is not there is taken for an empty list.
            let page = list.map_or(&[][..], |list| {
                list.as_array().unwrap_or_else(|| panic!("{place}: not an array: {list}"))
            });
            if page.is_empty() {
                return Value::Array(items);
            }
            items.extend(page.iter().cloned());
        }
        panic!("{place}: no empty page among {at_most}, the provider asks for ever");
    }

    fn wait(&mut self, request: &Value, wait: &Value, place: &str) -> Value {
        let first = Duration::from_secs(wait["first_after_seconds"].as_u64().expect("seconds"));
        let end = Instant::now() + first;
        loop {
            let answer = self.send(request, &[]);
            let until = wait["until"].as_array().expect("alternatives");
            let is_wanted = |wanted: &Value| {
                wanted["status"].as_u64() == Some(answer.status.into())
                    && wanted["at"].as_str().is_none_or(|pointer| {
                        answer.body.pointer(pointer) == Some(&wanted["equals"])
                    })
            };
            if until.iter().any(is_wanted) {
                return answer.body;
            }
            assert!(
                Instant::now() < end,
                "{place}: not within {first:?}, but {} {}",
                answer.status,
                answer.body
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// All requests of a refresh, with the checks of each and those of this moment.
    fn read(&mut self, name: &str, more: &Value) -> Vec<Value> {
        let requests = self.reads[name].as_array().expect("requests").clone();
        let mut answers = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            let body = self.play(request);
            self.check(&more[index.to_string()], &body, &self.describe(request));
            answers.push(body);
        }
        answers
    }

    fn check(&self, checks: &Value, body: &Value, place: &str) {
        for check in checks.as_array().into_iter().flatten() {
            let pointer = check["at"].as_str().expect("a pointer");
            let found = body.pointer(pointer);
            let fail = |wanted: &str| -> ! {
                let got = found.map_or("nothing".into(), Value::to_string);
                panic!("{place}: at `{pointer}` there is {got}, not {wanted}\n{body}")
            };
            if let Some(kinds) = check.get("is") {
                let kinds = kinds.as_array().cloned().unwrap_or_else(|| vec![kinds.clone()]);
                if !kinds.contains(&json!(kind(found))) {
                    fail(&format!("one of {kinds:?}"));
                }
            } else if let Some(wanted) = check.get("equals") {
                let wanted = self.fill_in_value(wanted);
                if found != Some(&wanted) {
                    fail(&wanted.to_string());
                }
            } else if let Some(length) = check.get("length") {
                if found.and_then(Value::as_array).map(|items| json!(items.len())).as_ref()
                    != Some(length)
                {
                    fail(&format!("an array of {length}"));
                }
            } else if let Some(wanted) = check.get("contains") {
                let items = found.and_then(Value::as_array);
                if !items.is_some_and(|items| items.iter().any(|item| has_fields(item, wanted))) {
                    fail(&format!("an array with {wanted}"));
                }
            } else {
                panic!("{place}: an unknown check: {check}");
            }
        }
    }
}

/// The JSON type; what is `null` is not there for Terraform.
fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None | Some(Value::Null) => "absent",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

fn has_fields(item: &Value, wanted: &Value) -> bool {
    wanted.as_object().expect("fields").iter().all(|(name, value)| item.get(name) == Some(value))
}

fn must_succeed(request: &Value, answer: &Answer, place: &str) {
    let success = request["status"].as_array().expect("the status of success");
    assert!(
        success.contains(&json!(answer.status)),
        "{place}: {} is not in {success:?}: {}",
        answer.status,
        answer.body
    );
    assert!(
        answer.status == 204 || answer.body != Value::Null || request["method"] != "GET",
        "{place}: no JSON"
    );
}

/// Plays a file, from an empty server to what it leaves.
fn play(file: &str) {
    let server = start();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform").join(file);
    let text = fs::read(path).expect("it is part of the source");
    let scenario: Value = serde_json::from_slice(&text).expect("JSON");
    let mut client = Client::new(server.address().to_string());
    // The provider asks IAM if no project is configured.
    let project = client.send("GET", "/v3/projects", vec![("name".into(), REGION.into())], None);
    let project = project.body["projects"][0]["id"].as_str().expect("a project").to_owned();
    client.project_id = Some(project.clone());
    let next = sleeper("next");
    let names = [
        ("project", project),
        ("region", REGION.to_owned()),
        ("code", STANDARD.encode(sleeper("first"))),
        ("next_code", STANDARD.encode(&next)),
        ("next_digest", base16ct::lower::encode_string(&Sha512::digest(&next))),
    ];
    let mut player = Player {
        client,
        file: file.to_owned(),
        names: names.map(|(name, value)| (name.to_owned(), value)).into(),
        reads: scenario["reads"].as_object().expect("reads").clone(),
        last: HashMap::new(),
    };
    for step in scenario["steps"].as_array().expect("steps") {
        if let Some(name) = step["read"].as_str() {
            let answers = player.read(name, &step["checks"]);
            player.last.insert(name.to_owned(), answers);
        } else if let Some(name) = step["plan"].as_str() {
            let answers = player.read(name, &Value::Null);
            assert_eq!(answers, player.last[name], "{file}: the plan has differences");
        } else {
            player.play(step);
        }
    }
}

#[test]
fn a_function_with_everything_is_created_planned_changed_and_destroyed() {
    play("function.json");
}

#[test]
fn a_function_with_nothing_but_what_is_needed_comes_back_as_it_was() {
    play("bare_function.json");
}

#[test]
fn a_function_from_an_image_changes_its_image() {
    play("image.json");
}

#[test]
fn triggers_are_waited_for() {
    play("triggers.json");
}
