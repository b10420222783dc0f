//! Which files Git ignores: the `.gitignore` files, up to the root of the repository.
//!
//! The settings of the user and of the clone (`core.excludesFile`, `.git/info/exclude`) are not
//! applied, so that packages are the same on every machine.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules that have been read so far.
#[derive(Debug)]
pub(super) struct Ignored {
    /// The topmost directory whose rules apply.
    top: PathBuf,
    /// The rules of each directory, and whether it is the root of a repository.
    rules: HashMap<PathBuf, (Gitignore, bool)>,
}

impl Ignored {
    /// The rules for the files of this workspace.
    pub(super) fn new(workspace: &Path) -> Self {
        let top =
            workspace.ancestors().find(|directory| is_repository(directory)).unwrap_or(workspace);
        Self { top: top.to_owned(), rules: HashMap::new() }
    }

    /// Whether a file or a directory is ignored. It must not be in an ignored directory.
    pub(super) fn is_ignored(&mut self, path: &Path, is_directory: bool) -> bool {
        for directory in path.ancestors().skip(1) {
            if !self.rules.contains_key(directory) {
                self.rules
                    .insert(directory.to_owned(), (read(directory), is_repository(directory)));
            }
            let (rules, is_root) = &self.rules[directory];
            match rules.matched(path, is_directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
            if *is_root || directory == self.top {
                break;
            }
        }
        false
    }
}

fn is_repository(directory: &Path) -> bool {
    directory.join(".git").symlink_metadata().is_ok()
}

fn read(directory: &Path) -> Gitignore {
    let path = directory.join(".gitignore");
    let mut rules = GitignoreBuilder::new(directory);
    // Invalid patterns are skipped, as in Git.
    if fs::symlink_metadata(&path).is_ok_and(|about| about.is_file()) {
        let _ = rules.add(path);
    }
    rules.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for (file, text) in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("it is made");
            fs::write(path, text).expect("it is written");
        }
        directory
    }

    #[test]
    fn the_nearest_rule_applies_and_rules_above_the_repository_do_not() {
        let made = made(&[
            (".gitignore", "*"),
            ("repo/.git/HEAD", ""),
            ("repo/.gitignore", "*.log\n/built/\n"),
            ("repo/ws/logs/.gitignore", "!keep.log\n"),
        ]);
        let repo = made.path().join("repo");
        let mut ignored = Ignored::new(&repo.join("ws"));
        for (path, is_directory, expected) in [
            ("ws/a.log", false, true),
            ("ws/a.txt", false, false),
            ("ws/logs/a.log", false, true),
            ("ws/logs/keep.log", false, false),
            ("built", true, true),
            ("ws/built", true, false),
        ] {
            assert_eq!(ignored.is_ignored(&repo.join(path), is_directory), expected, "{path}");
        }
    }

    #[test]
    fn without_a_repository_the_rules_end_with_the_workspace() {
        let made = made(&[(".gitignore", "*"), ("ws/.gitignore", "*.log")]);
        let workspace = made.path().join("ws");
        let mut ignored = Ignored::new(&workspace);
        assert!(ignored.is_ignored(&workspace.join("a/b.log"), false));
        assert!(!ignored.is_ignored(&workspace.join("a/b.txt"), false));
    }
}
