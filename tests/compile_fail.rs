//! What the compiler prints, to the letter, where every word of it is ours: the `.stderr` file
//! beside each file of `tests/ui`.
//!
//! `tests/messages` checks these files too, and those in which the compiler has its own words,
//! which no test here pins.

use std::path::{Path, PathBuf};

/// Whether every message that the file expects is made by the macro itself: such errors have no
/// code of the compiler's.
fn has_our_words_only(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).expect("the file can be read");
    let mut expected =
        text.lines().filter_map(|line| line.trim_start().strip_prefix("//~ ")).peekable();
    expected.peek().is_some()
        && !expected.any(|line| {
            ["error[", "warning", "first error"].iter().any(|start| line.starts_with(start))
        })
}

#[test]
fn every_word_is_printed_as_it_was_written() {
    let families = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui"))
        .expect("the folder is there");
    let folders = families
        .flatten()
        .map(|family| family.path())
        .filter(|path| path.is_dir() && !path.ends_with("renamed_crate"));
    let files = folders
        .flat_map(|folder| std::fs::read_dir(folder).expect("it can be read"))
        .flatten()
        .map(|file| file.path());
    let mut ours: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "rs") && has_our_words_only(path))
        .collect();
    ours.sort();
    assert!(ours.len() > 50, "{ours:?}");
    let cases = trybuild::TestCases::new();
    for file in ours {
        cases.compile_fail(file);
    }
}
