//! What the documents name is there: the files they link to, the examples in their index, the
//! arrows between the crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents of this repository, the READMEs of its packages included, by their paths from its
/// root.
fn documents() -> Vec<PathBuf> {
    let folders = fs::read_dir(root())
        .expect("it can be read")
        .map(|entry| entry.expect("it can be read").path());
    let named = folders.filter(|path| {
        path.join("Cargo.toml").is_file()
            || ["docs", "examples"].iter().any(|name| path.ends_with(name))
    });
    let mut documents = Vec::new();
    for folder in named.chain([root().to_owned()]) {
        for entry in fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path.strip_prefix(root()).expect("it is in there").to_owned());
            }
        }
    }
    documents
}

/// The targets of links that are files here, without their fragments.
fn links(document: &str) -> impl Iterator<Item = &str> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|target| !target.is_empty() && !target.contains("://"))
}

/// What stands between backticks and begins with a folder of this repository.
fn quoted_paths(document: &str) -> impl Iterator<Item = &str> {
    const FOLDERS: [&str; 12] = [
        ".ci/",
        ".github/",
        "cargo-fg/",
        "docs/",
        "examples/",
        "fg-client/",
        "fg-core/",
        "fg-emulator/",
        "fg-events/",
        "fg-http/",
        "fg-macros/",
        "fg-runtime/",
    ];
    let quoted =
        document.split('`').skip(1).step_by(2).filter_map(|code| code.split_whitespace().next());
    quoted.filter(|path| FOLDERS.iter().any(|folder| path.starts_with(folder)))
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = read(&document);
        let folder = root().join(document.parent().unwrap_or(Path::new("")));
        missing.extend(
            links(&text)
                .filter(|link| !folder.join(link).exists())
                .map(|link| format!("{}: {link}", document.display())),
        );
        let quoted = quoted_paths(&text).filter(|path| !root().join(path).exists());
        missing.extend(quoted.map(|path| format!("{}: `{path}`", document.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_architecture_names_files_at_all() {
    assert!(links(&read("ARCHITECTURE.md")).count() > 50);
    assert!(quoted_paths(&read("ARCHITECTURE.md")).any(|path| path == "fg-emulator/scenarios/"));
}

#[test]
fn every_file_of_the_examples_is_in_their_index() {
    let index = read("examples/README.md");
    let linked: BTreeSet<_> = links(&index).collect();
    let mut files = Vec::new();
    collect(&root().join("examples"), &mut files);
    let missing: Vec<_> = files
        .iter()
        .filter(|file| *file != "README.md" && !linked.contains(file.as_str()))
        .collect();
    assert!(files.len() > 20, "{files:?}");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The files in a folder of the examples, by their paths from there, written with `/`.
fn collect(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let path =
                path.strip_prefix(root().join("examples")).expect("it is in there").to_owned();
            files.push(
                path.iter()
                    .map(|part| part.to_str().expect("it is UTF-8"))
                    .collect::<Vec<_>>()
                    .join("/"),
            );
        }
    }
}

/// The first block of code in this language.
fn first_block<'d>(document: &'d str, language: &str) -> &'d str {
    let block = document
        .split(&format!("```{language}\n"))
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    block.unwrap_or_else(|| panic!("there is a block of `{language}`"))
}

#[test]
fn the_program_in_the_readme_of_the_runtime_is_the_one_that_is_tested() {
    assert_eq!(
        first_block(&read("fg-runtime/README.md"), "rust,no_run"),
        first_block(&read("README.md"), "rust,no_run")
    );
}
