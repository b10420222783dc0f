//! What the compiler says about the mistakes that people make with `#[fg::handler]`. `tests/ui/README.md` explains the files.

mod compiler;
mod expected;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use compiler::{Messages, Package, compile};
use expected::Expected;

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

/// The Rust files of a folder and of the folders in it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    files(folder)
}

fn is_in(file: &Path, family: &str) -> bool {
    file.starts_with(ui().join(family))
}

/// The files with mistakes, which are compiled once for all tests.
fn mistakes() -> &'static (Vec<PathBuf>, Messages) {
    static MISTAKES: OnceLock<(Vec<PathBuf>, Messages)> = OnceLock::new();
    MISTAKES.get_or_init(|| {
        let mut files = files(&ui());
        files.retain(|file| !is_in(file, "hygiene"));
        let (renamed, named) = files.iter().cloned().partition(|file| is_in(file, "renamed_crate"));
        let package = |name, fg, programs| Package { name, edition: "2024", fg, library: None, programs, manifest: String::new() };
        let messages = compile("check", &[package("mistakes", "fg", named), package("renamed_crate", "faas", renamed)]);
        (files, messages)
    })
}

#[test]
fn each_mistake_has_its_message_and_no_other() {
    let (files, messages) = mistakes();
    let mut wrong = String::new();
    for file in files {
        let source = std::fs::read_to_string(file).expect("the file can be read");
        let said = messages.get(file).map_or(&[][..], Vec::as_slice);
        for difference in Expected::read(&source).differences(said) {
            wrong += &format!("\n{}\n{difference}\n", file.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
