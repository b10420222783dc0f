//! The workspace of a new project, whose root manifest needs the release profile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use toml::Table;

use crate::failure::Failure;
use crate::project::cargo;

/// The release profile, for programs that are small and start fast.
pub(super) const PROFILE: &str = include_str!("../../templates/profile.toml");

/// A workspace.
pub(super) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that cargo finds for a package in this directory, which need not exist yet.
    pub(super) fn enclosing(directory: &Path) -> Option<Self> {
        let existing = directory.ancestors().skip(1).find(|directory| directory.is_dir())?;
        let mut command = cargo();
        command
            .args(["locate-project", "--workspace", "--message-format", "plain"])
            .current_dir(existing);
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let manifest = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        output
            .status
            .success()
            .then(|| manifest.parent().map(|root| Self { root: root.to_owned() }))?
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Adds the release profile to the workspace, since cargo ignores profiles of members. A
    /// workspace that has one is not changed. Returns a note for the user.
    pub(super) fn add_profile(&self) -> Result<Option<String>, Failure> {
        let path = self.root.join("Cargo.toml");
        let failed = |error: &dyn std::error::Error| {
            Failure::machine(format!("{} could not be changed", path.display()), error)
        };
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let manifest: Table = text.parse().map_err(|error| failed(&error))?;
        let profile = |of: &Table| {
            of.get("profile").and_then(|profiles| profiles.get("release")?.as_table()).cloned()
        };
        let Some(own) = profile(&manifest) else {
            // A table can always be appended to a TOML document.
            let separator = if text.ends_with('\n') { "" } else { "\n" };
            fs::write(&path, format!("{text}{separator}{PROFILE}"))
                .map_err(|error| failed(&error))?;
            return Ok(Some(format!(
                "added [profile.release] to {}, for small functions",
                path.display()
            )));
        };
        let ours = PROFILE.parse().ok().as_ref().and_then(profile).unwrap_or_default();
        let missing: Vec<_> = ours
            .iter()
            .filter(|(key, value)| own.get(*key) != Some(value))
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        Ok((!missing.is_empty()).then(|| {
            format!(
                "functions would be smaller with {} in [profile.release] of {}",
                missing.join(", "),
                path.display()
            )
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_gets_the_profile_unless_it_has_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let workspace = Workspace { root: directory.path().to_owned() };
        let manifest = directory.path().join("Cargo.toml");
        fs::write(&manifest, "[workspace]\nmembers = [\"greet\"]").expect("it is written");
        let note = workspace.add_profile().expect("it is added").expect("there is a note");
        assert!(note.starts_with("added [profile.release] to "), "{note}");
        assert_eq!(workspace.add_profile().expect("it is read"), None);
        let text = fs::read_to_string(&manifest).expect("it is there");
        assert_eq!(text, format!("[workspace]\nmembers = [\"greet\"]\n{PROFILE}"));

        let own = "[workspace]\n[profile.release]\nlto = \"fat\"\nstrip = \"debuginfo\"\n";
        fs::write(&manifest, own).expect("it is written");
        let note = workspace.add_profile().expect("it is read").expect("there is a note");
        assert!(
            note.starts_with("functions would be smaller with codegen-units = 1, opt-level = 2, strip = true in [profile.release] of"),
            "{note}"
        );
        assert_eq!(fs::read_to_string(&manifest).expect("it is there"), own);
    }
}
