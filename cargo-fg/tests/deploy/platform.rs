//! FunctionGraph on this machine, as a process of its own, and a client of it that is not under
//! test.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use fg_client::sign::{Key, Request, sign};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fg::LIMIT;

pub(crate) const ACCESS_KEY: &str = "TESTACCESSKEY";
pub(crate) const SECRET_KEY: &str = "a-secret-key-of-the-tests";
/// What it takes itself for.
pub(crate) const REGION: &str = "cn-north-4";
pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";
/// The function that is deployed, by its name on the platform.
pub(crate) const FUNCTION: &str = "orders";

/// No test of its own: the process that is the platform of the others.
#[test]
#[ignore = "a part of the other tests here"]
fn holds_a_platform() {
    let folder = std::env::var_os("FG_TEST_DATA").expect("the parent says where");
    let builder = fg_local::Local::builder().data_folder(folder);
    let local = builder.key_pair(ACCESS_KEY, SECRET_KEY).start_blocking().expect("a server");
    println!("address {}", local.address());
    // It ends with its parent, which holds the other end.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    drop(local);
}

/// The platform.
pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    holder: Child,
    folder: TempDir,
    /// It would end if it could not write.
    _output: BufReader<ChildStdout>,
}

impl Platform {
    /// One without functions.
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"))
    }

    /// One that has what another one had, which has ended.
    pub(crate) fn start_as(snapshot: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(snapshot, folder.path());
        Self::start_in(folder)
    }

    fn start_in(folder: TempDir) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test is a program"));
        command.args(["--exact", "platform::holds_a_platform", "--ignored", "--nocapture"]);
        command.env("FG_TEST_DATA", folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holder = command.spawn().expect("it starts");
        let mut output = BufReader::new(holder.stdout.take().expect("a pipe"));
        let lines = output.by_ref().lines().map_while(Result::ok);
        let mut addresses = lines.filter_map(|line| line.split_once("address ")?.1.parse().ok());
        let address = addresses.next().expect("it says where it listens");
        Self { address, holder, folder, _output: output }
    }

    /// Ends it, and returns the folder with what it had.
    pub(crate) fn end(mut self) -> TempDir {
        self.stop();
        let empty = tempfile::tempdir().expect("a folder");
        std::mem::replace(&mut self.folder, empty)
    }

    fn stop(&mut self) {
        drop(self.holder.stdin.take());
        // Fails if it was waited for.
        let _ = self.holder.wait();
    }

    /// The status and the body of a signed request. `path` is below `/v2/{project}/fgs`.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let (status, body) = self.send(method, path, &body);
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    fn send(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let target = format!("/v2/{PROJECT}/fgs{path}");
        let url = format!("http://{}{target}", self.address);
        let key = Key::new(ACCESS_KEY, SECRET_KEY).project_id(PROJECT);
        let request = Request::new(method, &url).body(body.as_bytes());
        let signed = sign(&key, &request, SystemTime::now()).expect("it can be signed");
        // With HTTP/1.0 the end of the body is the end of the connection.
        let mut text = format!("{method} {target} HTTP/1.0\r\n");
        for (name, value) in signed {
            text += &format!("{name}: {value}\r\n");
        }
        if !text.to_ascii_lowercase().contains("\r\nhost: ") {
            text += &format!("Host: {}\r\n", self.address);
        }
        text += &format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut socket = TcpStream::connect(self.address).expect("it listens");
        socket.set_read_timeout(Some(LIMIT)).expect("it can be set");
        socket.write_all(text.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), body.to_owned())
    }

    /// The answer to a GET, which succeeds.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The status and the response of the function; `qualifier` is `!alias`, a version or nothing.
    pub(crate) fn invoke(&self, qualifier: &str) -> (u16, Value) {
        let path = format!("/functions/{}/invocations", urn(qualifier));
        self.call("POST", &path, Some(&json!({"id": 7})))
    }

    /// What the function's `release.txt` says, if it serves.
    pub(crate) fn release(&self, qualifier: &str) -> Option<String> {
        let (status, body) = self.invoke(qualifier);
        let release = body["release"].as_str().map(|release| release.trim().to_owned());
        release.filter(|_| status == 200)
    }

    /// All that a deployment makes: configuration, versions, aliases, triggers, without what each
    /// platform makes by itself, such as ids and times.
    pub(crate) fn state(&self) -> Value {
        let urn = urn("");
        let mut versions = self.get(&format!("/functions/{urn}/versions"));
        let mut state = json!({
            "config": self.get(&format!("/functions/{urn}/config")),
            "versions": versions["versions"].take(),
            "aliases": self.get(&format!("/functions/{urn}/aliases")),
            "triggers": self.triggers(),
        });
        let (status, asynchronous) =
            self.call("GET", &format!("/functions/{urn}/async-invoke-config"), None);
        if status == 200 {
            state["asynchronous"] = asynchronous;
        }
        forget_what_differs(&mut state);
        for list in ["versions", "aliases", "triggers"] {
            let list = state[list].as_array_mut().expect("a list");
            list.sort_by_key(Value::to_string);
        }
        state
    }

    /// The triggers of the function and of its aliases.
    pub(crate) fn triggers(&self) -> Value {
        let mut all = Vec::new();
        let aliases = self.get(&format!("/functions/{}/aliases", urn("")));
        let names = aliases.as_array().expect("a list").iter().map(|alias| &alias["name"]);
        let names = names.map(|name| format!("!{}", name.as_str().expect("a name")));
        for qualifier in names.chain(std::iter::once("latest".to_owned())) {
            let triggers = self.get(&format!("/triggers/{}", urn(&qualifier)));
            for mut trigger in triggers.as_array().expect("a list").clone() {
                trigger["of"] = qualifier.clone().into();
                all.push(trigger);
            }
        }
        all.into()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The URN of the function.
pub(crate) fn urn(qualifier: &str) -> String {
    let urn = format!("urn:fss:{REGION}:{PROJECT}:function:default:{FUNCTION}");
    if qualifier.is_empty() { urn } else { format!("{urn}:{qualifier}") }
}

/// Takes away ids and times.
fn forget_what_differs(value: &mut Value) {
    const DIFFERS: [&str; 11] = [
        "created_time",
        "func_id",
        "image_name",
        "last_modified",
        "last_updated_time",
        "log_group_id",
        "log_stream_id",
        "resource_id",
        "trigger_id",
        "triggerid",
        "invoke_url",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !DIFFERS.contains(&name.as_str()));
            fields.values_mut().for_each(forget_what_differs);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_what_differs),
        _ => {}
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it is there");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("it has one").is_dir() {
            fs::create_dir_all(&to).expect("it is made");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("it is copied");
        }
    }
}

/// Where two states differ, one line each.
pub(crate) fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut all = Vec::new();
    add_differences("", one, other, &mut all);
    all
}

fn add_differences(place: &str, one: &Value, other: &Value, all: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (name, value) in a {
                add_differences(&format!("{place}/{name}"), value, &b[name], all);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (number, (a, b)) in a.iter().zip(b).enumerate() {
                add_differences(&format!("{place}/{number}"), a, b, all);
            }
        }
        _ if one == other => {}
        _ => all.push(format!("{place}: {one} and not {other}")),
    }
}
