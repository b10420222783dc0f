//! Compiles the files of `tests/ui`, all in one go, and keeps what the compiler says about each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// An error or a warning.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) level: String,
    pub(crate) code: Option<String>,
    pub(crate) text: String,
    pub(crate) line: usize,
    /// The text that is underlined.
    pub(crate) under: String,
    pub(crate) label: String,
    pub(crate) children: Vec<Child>,
    /// As a person sees it.
    pub(crate) rendered: String,
}

/// A note or a help below a message.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) level: String,
    pub(crate) text: String,
}

impl Message {
    pub(crate) fn lines(&self) -> usize {
        self.rendered.trim_end().lines().count()
    }

    /// Returns nothing for `aborting due to ..` and its likes, which are at no place.
    fn read(json: &Value) -> Option<Self> {
        let spans = json["spans"].as_array()?;
        let primary = spans.iter().find(|span| span["is_primary"] == true)?;
        let children = json["children"].as_array()?.iter();
        Some(Self {
            level: text(&json["level"]),
            code: json["code"]["code"].as_str().map(str::to_owned),
            text: text(&json["message"]),
            line: usize::try_from(primary["line_start"].as_u64()?).ok()?,
            under: underlined(primary),
            label: text(&primary["label"]),
            children: children
                .map(|child| Child { level: text(&child["level"]), text: text(&child["message"]) })
                .collect(),
            rendered: text(&json["rendered"]),
        })
    }
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn underlined(span: &Value) -> String {
    let column = |line: &Value, key: &str| {
        line[key].as_u64().and_then(|column| usize::try_from(column).ok()).unwrap_or(1) - 1
    };
    let lines = span["text"].as_array().into_iter().flatten().map(|line| {
        let (start, end) = (column(line, "highlight_start"), column(line, "highlight_end"));
        text(&line["text"]).chars().take(end).skip(start).collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A package to compile: its files are programs, or one is a library.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) edition: &'static str,
    /// What `fg` is called in its Cargo.toml.
    pub(crate) fg: &'static str,
    pub(crate) library: Option<PathBuf>,
    pub(crate) programs: Vec<PathBuf>,
    /// Whether it uses `fg` with axum and tower.
    pub(crate) is_http: bool,
    /// What stands at the end of its Cargo.toml.
    pub(crate) manifest: String,
}

const HTTP_DEPENDENCIES: &str = r#"axum = { version = "0.8", default-features = false }
tower = { version = "0.5", default-features = false, features = ["util"] }
"#;

impl Package {
    fn manifest(&self) -> String {
        let Self { name, edition, fg, is_http, .. } = self;
        let (features, dependencies) =
            if *is_http { (r#"["http"]"#, HTTP_DEPENDENCIES) } else { ("[]", "") };
        let root = env!("CARGO_MANIFEST_DIR");
        let mut manifest = format!(
            r#"[package]
name = "{name}"
edition = "{edition}"
version = "1.0.0"
description = "A test"
license = "MIT"
repository = "https://example.com"
readme = "README.md"
keywords = ["test"]
categories = ["asynchronous"]

[dependencies]
{fg} = {{ path = {root:?}, package = "functiongraph", features = {features} }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}
{dependencies}"#
        );
        if let Some(path) = &self.library {
            let _ = write!(manifest, "\n[lib]\npath = {path:?}\n");
        }
        for (index, path) in self.programs.iter().enumerate() {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let _ =
                write!(manifest, "\n[[bin]]\nname = \"{name}-{index}-{stem}\"\npath = {path:?}\n");
        }
        manifest + &self.manifest
    }
}

/// What the compiler said about each file that it was given, in its order.
pub(crate) type Messages = BTreeMap<PathBuf, Vec<Message>>;

/// Runs `cargo check` or `cargo clippy` on packages.
pub(crate) fn compile(command: &str, packages: &[Package]) -> Messages {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages");
    let workspace = folder.join(command);
    let mut members = String::new();
    for package in packages {
        let _ = write!(members, "{:?}, ", package.name);
        write(&workspace.join(package.name).join("Cargo.toml"), &package.manifest());
    }
    write(
        &workspace.join("Cargo.toml"),
        &format!("[workspace]\nresolver = \"2\"\nmembers = [{members}]\n"),
    );
    write(&workspace.join("Cargo.lock"), include_str!("../../Cargo.lock"));
    let output = Command::new(env!("CARGO"))
        .args([
            command,
            "--workspace",
            "--keep-going",
            "--offline",
            "--quiet",
            "--message-format=json",
        ])
        .current_dir(&workspace)
        // With the settings and in the folder of what the tests of `cargo fg` generate, so that
        // what both depend on is checked once.
        .envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")])
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo can be started");
    let lines = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let mut messages = Messages::new();
    for line in lines.filter(|line| line["target"]["src_path"].is_string()) {
        let said = messages.entry(PathBuf::from(text(&line["target"]["src_path"]))).or_default();
        said.extend(Message::read(&line["message"]));
    }
    // What is not there was not compiled, because something before it failed.
    for file in packages.iter().flat_map(|package| package.programs.iter().chain(&package.library))
    {
        assert!(
            messages.contains_key(file),
            "{}: {}",
            file.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    messages
}

/// Writes a file only where it differs, so that cargo does not start over.
fn write(path: &Path, text: &str) {
    if std::fs::read_to_string(path).is_ok_and(|before| before == text) {
        return;
    }
    std::fs::create_dir_all(path.parent().expect("a file has a folder"))
        .expect("the folder can be made");
    std::fs::write(path, text).expect("the file can be written");
}
