//! What crates.io and docs.rs show of each package, the arrows between the packages, and what CI
//! runs. `.ci/check-packages` builds what would be published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The packages of the workspace that are published, as `cargo metadata` tells of them.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output =
        Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let Value::Array(packages) = metadata["packages"].take() else { panic!("there are packages") };
    // `publish = false` is an empty list of registries.
    packages.into_iter().filter(|package| package["publish"].is_null()).collect()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a package has a name")
}

fn folder(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().expect("a package has a manifest"))
        .parent()
        .expect("in a folder")
}

#[test]
fn each_package_says_what_crates_io_shows() {
    let packages = packages();
    assert!(packages.len() >= 8, "{}", packages.len());
    for package in &packages {
        let (name, folder) = (name(package), folder(package));
        assert_eq!(package["license"], "MIT OR Apache-2.0", "{name}");
        assert_eq!(package["documentation"], format!("https://docs.rs/{name}"), "{name}");
        assert_eq!(package["repository"], packages[0]["repository"], "{name}");
        assert!(
            package["repository"].as_str().is_some_and(|url| url.starts_with("https://")),
            "{name}"
        );
        assert_eq!(package["readme"], "README.md", "{name}");
        for field in ["description", "keywords", "categories", "rust_version"] {
            assert!(
                !package[field].is_null() && package[field] != Value::Array(vec![]),
                "{name} has no {field}"
            );
        }
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("it can be read");
        assert!(
            manifest.lines().any(|line| line.starts_with("include = [\"/src\", ")),
            "{name} has to say what it includes"
        );
        let readme = fs::read_to_string(folder.join("README.md")).expect("it can be read");
        assert!(
            name == "functiongraph" || readme.contains("https://docs.rs/functiongraph"),
            "{name}"
        );
    }
}

#[test]
fn docs_rs_builds_each_package_with_all_features_and_their_marks() {
    for package in packages() {
        let settings = &package["metadata"]["docs"]["rs"];
        assert_eq!(settings["all-features"], true, "{}", name(&package));
        assert_eq!(
            settings["rustdoc-args"],
            serde_json::json!(["--cfg", "docsrs"]),
            "{}",
            name(&package)
        );
        if package["features"].as_object().is_some_and(|features| !features.is_empty()) {
            let library =
                fs::read_to_string(folder(&package).join("src/lib.rs")).expect("it can be read");
            assert!(
                library.contains("#![cfg_attr(docsrs, feature(doc_cfg))]"),
                "{}",
                name(&package)
            );
        }
    }
}

/// Copies rather than links: in a clone on Windows a link is a file with a path in it, and that
/// would be published.
#[test]
fn each_package_has_both_licences_word_for_word() {
    for package in packages() {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let copy = folder(&package).join(licence);
            let is_link = fs::symlink_metadata(&copy).expect("it is there").is_symlink();
            let words = |path: &Path| fs::read(path).expect("it can be read");
            assert!(!is_link && words(&copy) == words(&root().join(licence)), "{}", copy.display());
        }
    }
}

/// The other packages of ours that a package needs, with the version that it asks for; those of its
/// tests apart.
fn needs(package: &Value) -> BTreeMap<&str, &str> {
    let dependencies = package["dependencies"].as_array().expect("it is a list").iter();
    let ours = dependencies
        .filter(|dependency| dependency["path"].is_string() && dependency["kind"].is_null());
    ours.map(|dependency| {
        (name(dependency), dependency["req"].as_str().expect("it asks for a version"))
    })
    .collect()
}

#[test]
fn packages_that_share_hidden_items_are_pinned_to_one_another() {
    let packages = packages();
    let hides = |package: &&Value| has_hidden_items(&folder(package).join("src"));
    let mut pinned: BTreeSet<_> = packages.iter().filter(hides).map(name).collect();
    // The code that the attribute writes names hidden items of the others.
    assert!(
        ["fg-core", "fg-macros", "fg-runtime"].iter().all(|name| pinned.contains(name)),
        "{pinned:?}"
    );
    // What uses such a package in one version only goes with the others of that version as well.
    let users = packages
        .iter()
        .filter(|package| needs(package).keys().any(|needed| pinned.contains(needed)));
    pinned.extend(users.map(name).collect::<Vec<_>>());
    for package in &packages {
        for (needed, version) in needs(package) {
            assert!(
                !pinned.contains(needed) || version.starts_with('='),
                "{} needs {needed} {version}",
                name(package)
            );
        }
    }
}

fn has_hidden_items(folder: &Path) -> bool {
    fs::read_dir(folder).expect("it can be read").any(|entry| {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            return has_hidden_items(&path);
        }
        fs::read_to_string(path)
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "#[doc(hidden)]"))
    })
}

#[test]
fn the_arrows_of_the_architecture_are_those_of_the_manifests() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("it can be read");
    let block = architecture
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("there is a block");
    let drawn: BTreeMap<_, BTreeSet<_>> = block
        .lines()
        .filter_map(|line| line.split_once("->"))
        .map(|(from, to)| {
            (from.trim(), to.split(',').map(str::trim).filter(|to| *to != "nothing").collect())
        })
        .collect();
    let packages = packages();
    let real: BTreeMap<_, BTreeSet<_>> = packages
        .iter()
        .map(|package| (name(package), needs(package).into_keys().collect()))
        .collect();
    assert_eq!(drawn, real);
}

/// The files of `.github/workflows`, with their names.
fn workflows() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join(".github/workflows"))
        .expect("it can be read")
        .map(|entry| entry.expect("it can be read").path());
    files
        .map(|path| (path.display().to_string(), fs::read_to_string(path).expect("it can be read")))
        .collect()
}

#[test]
fn every_action_is_pinned_to_a_commit_and_says_its_version() {
    let workflows = workflows();
    assert!(workflows.len() >= 2);
    for (file, text) in &workflows {
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let pinned = line.split_once('@').and_then(|(_, rest)| rest.split_once(" # v"));
            let commit = pinned.map(|(commit, _)| commit).unwrap_or_default();
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{file}: {line}"
            );
        }
        // Each begins with no more than it may read; a job that needs more says so.
        assert!(
            text.contains("\npermissions:\n  contents: read\n")
                || text.contains("\npermissions: {}\n"),
            "{file}"
        );
    }
}

#[test]
fn every_script_that_a_workflow_calls_is_there() {
    for (file, text) in workflows() {
        for script in text.split_whitespace().filter(|word| word.starts_with(".ci/")) {
            assert!(root().join(script).is_file(), "{file}: {script}");
        }
    }
}

#[test]
fn no_script_forgets_a_package() {
    // A macro has no library to check for another system. The tests of the tools run scripts, which
    // need a Unix.
    let exceptions: [(&str, &[&str]); 4] = [
        (".ci/check-packages", &[]),
        (".ci/publish", &[]),
        (".ci/check-targets", &["fg-macros"]),
        (".github/workflows/ci.yml", &["cargo-fg", "fg-local"]),
    ];
    let packages = packages();
    for (file, left_out) in exceptions {
        let text = fs::read_to_string(root().join(file)).expect("it can be read");
        let words: BTreeSet<_> = text.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
        let forgotten: Vec<_> = packages
            .iter()
            .map(name)
            .filter(|name| !words.contains(name) && !left_out.contains(name))
            .collect();
        assert!(forgotten.is_empty(), "{file} forgets {forgotten:?}");
    }
}
