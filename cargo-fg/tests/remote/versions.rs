//! `cargo fg versions`, and how all commands find their function.

use std::collections::BTreeMap;

use fg_client::aliases::CreateAlias;
use fg_client::functions::{PublishVersion, digest};
use serde_json::json;

use crate::platform::{PROJECT, Platform, URN, package, run, still};

fn with_two_versions() -> Platform {
    let platform = Platform::with_greet();
    platform.publish("v1");
    platform.publish("v2");
    platform
}

#[test]
fn versions_are_listed_with_the_aliases_that_lead_to_them() {
    let platform = with_two_versions();
    let mut prod = CreateAlias::new("prod", "v1");
    prod.additional_version_weights = Some(BTreeMap::from([("v2".to_owned(), 10)]));
    platform.wait(platform.greet().create_alias(&prod));
    platform.wait(platform.greet().create_alias(&CreateAlias::new("beta", "v2")));
    let ran = platform.run_greet(&["versions"], 0);
    let digest = digest(&package("#!/bin/sh\n"));
    let digest = &digest[..12];
    let size = package("#!/bin/sh\n").len();
    assert_eq!(
        still(&ran.stdout),
        format!(
            "\
VERSION  PUBLISHED             SIZE   DIGEST        ALIASES         DESCRIPTION
v2       0000-00-00T00:00:00Z  {size} B  {digest}  beta, prod 10%  This is v2
v1       0000-00-00T00:00:00Z  {size} B  {digest}  prod 90%        This is v1
"
        )
    );
    assert_eq!(ran.stderr, "");
    let json = platform.run_greet(&["versions", "--output", "json"], 0).json();
    assert_eq!(json[0]["version"], "v2");
    assert_eq!(json[1]["aliases"], json!([{"name": "prod", "percent": 90}]));
    assert_eq!(json[1]["code_size"], size);
}

#[test]
fn without_a_published_version_it_says_how_to_publish_one() {
    let platform = Platform::with_greet();
    let ran = platform.run_greet(&["versions"], 0);
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "note: greet has no published version; `cargo fg deploy --publish` publishes one\n"
    );
    assert_eq!(platform.run_greet(&["versions", "--output", "json"], 0).json(), json!([]));
}

#[test]
fn what_a_description_contains_stays_on_its_line() {
    let platform = with_two_versions();
    platform.publish("v3");
    let mut publish = PublishVersion::default();
    publish.version = Some("v4".to_owned());
    publish.description = Some("\u{1b}[2Jgone\nerror: none".to_owned());
    let mut configuration = fg_client::functions::UpdateConfiguration::default();
    configuration.func_name = "greet".to_owned();
    configuration.runtime = "Custom".to_owned();
    configuration.handler = "bootstrap".to_owned();
    configuration.timeout = 31;
    configuration.memory_size = 128;
    platform.wait(platform.greet().update_config(&configuration));
    platform.wait(platform.greet().publish(&publish));
    let shown = platform.run_greet(&["versions"], 0).stdout;
    assert!(
        shown.lines().nth(1).expect("a line").ends_with("\\u{1b}[2Jgone error: none"),
        "{shown}"
    );
}

#[test]
fn a_function_is_found_by_its_project_its_name_or_its_urn() {
    let platform = with_two_versions();
    let by_name = platform.run_greet(&["versions"], 0).stdout;
    assert_eq!(platform.run(&["versions", URN], 0).stdout, by_name);
    // The URN has a region and a project of its own.
    let mut command = platform.fg(&["versions", URN]);
    assert_eq!(run(command.env_remove("HW_REGION_NAME"), 0).stdout, by_name);
    let other = platform.run(&["versions", URN, "--region", "eu-de"], 2).stderr;
    assert!(other.contains("--region is eu-de, and the URN says cn-north-4"), "{other}");
    let twice = platform.run_greet(&["versions", URN], 2).stderr;
    assert!(twice.contains("the function is given twice"), "{twice}");
    let wrong = platform.run(&["versions", "urn:fss:greet"], 2).stderr;
    assert!(wrong.contains("is not the URN of a function"), "{wrong}");

    let outside = platform.run(&["versions"], 2).stderr;
    assert_eq!(
        outside,
        "error: there is no Cargo.toml in this directory or above it\n  help: change to the directory of your project, or name the function: with its URN, or with --name NAME\n"
    );
    let manifest = "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    platform.write("Cargo.toml", manifest);
    platform.write("src/main.rs", "fn main() {}\n");
    assert_eq!(platform.run(&["versions"], 0).stdout, by_name);
    assert_eq!(platform.run(&["versions", "greet"], 0).stdout, by_name);
    let other = manifest.replace("greet", "hello");
    let metadata = "[package.metadata.fg]\nname = \"unknown\"\n\n[package.metadata.fg.env.prod]\nname = \"greet\"\n";
    platform.write("Cargo.toml", &format!("{other}\n{metadata}"));
    assert_eq!(platform.run(&["versions", "--environment", "prod"], 0).stdout, by_name);
    let unknown = platform.run(&["versions"], 1).stderr;
    assert!(unknown.contains("there is no function `unknown`"), "{unknown}");
}

#[test]
fn a_function_that_is_not_there_is_named_with_its_place() {
    let platform = Platform::start();
    for command in ["versions", "status", "rollback", "logs", "delete"] {
        let ran = platform.run(&[command, "--name", "gone", "--app", "shop"], 1);
        assert_eq!(
            ran.stderr,
            format!(
                "error: there is no function `gone` in the app `shop` (region cn-north-4, project {PROJECT})\n  help: `cargo fg deploy` creates it; if it should be there, look at its name and app, and at region and account with `cargo fg whoami`\n"
            ),
            "{command}"
        );
        assert_eq!(ran.stdout, "");
    }
}
