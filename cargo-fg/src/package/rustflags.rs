//! Flags for the compiler that are added to the user's own, wherever those are: in a variable or in cargo's configuration.
//!
//! cargo reads flags from one place only. So ours go where the user's are: into the variable, or else into the table of the
//! configuration that counts, whose lists cargo joins.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::compile::Compile;

/// Links the C library statically, where the target does not do that anyway.
pub(super) const STATIC: &str = "-Ctarget-feature=+crt-static";

/// Adds these flags to a build for this target.
pub(super) fn add(flags: &[String], target: &str, workspace_root: &Path, compile: &mut Compile) {
    let of_variables = flags_of_variables(env::var("CARGO_ENCODED_RUSTFLAGS").ok(), env::var("RUSTFLAGS").ok());
    if let Some(users) = of_variables {
        // For the compiler, one `+` outweighs any `-`.
        let is_dynamic = users.iter().any(|flag| flag.contains("-crt-static"));
        let ours = flags.iter().filter(|flag| !(is_dynamic && *flag == STATIC));
        let all: Vec<_> = ours.chain(&users).map(String::as_str).collect();
        compile.variables.push(("CARGO_ENCODED_RUSTFLAGS".into(), all.join("\x1f")));
        return;
    }
    let has_flags_for_target = configurations(workspace_root).iter().any(|table| has_flags(table, target))
        || env::var_os(format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"))).is_some();
    let table = if has_flags_for_target { format!("target.{target}") } else { "build".to_owned() };
    let list = Value::Array(flags.iter().cloned().map(Value::String).collect());
    compile.arguments.extend(["--config".to_owned(), format!("{table}.rustflags={list}")]);
}

/// What the variables say, in cargo's order; nothing where neither is set.
fn flags_of_variables(encoded: Option<String>, plain: Option<String>) -> Option<Vec<String>> {
    if let Some(encoded) = encoded {
        return Some(encoded.split('\x1f').filter(|flag| !flag.is_empty()).map(str::to_owned).collect());
    }
    plain.map(|plain| plain.split_whitespace().map(str::to_owned).collect())
}

/// The files of cargo's configuration that count for a build in the current directory.
fn configurations(workspace_root: &Path) -> Vec<Table> {
    let here = env::current_dir().unwrap_or_else(|_| workspace_root.to_owned());
    let mut directories: Vec<PathBuf> = here.ancestors().map(|directory| directory.join(".cargo")).collect();
    directories.extend(cargo_home());
    let files = directories.iter().flat_map(|directory| [directory.join("config.toml"), directory.join("config")]);
    files.filter_map(|file| fs::read_to_string(file).ok()?.parse().ok()).collect()
}

/// Where cargo keeps its own files.
pub(super) fn cargo_home() -> Option<PathBuf> {
    let home = || env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| home().map(|home| Path::new(&home).join(".cargo")))
}

/// Whether there are flags for this target, under its name or under a condition. cargo then ignores those of `[build]`.
fn has_flags(configuration: &Table, target: &str) -> bool {
    let targets = configuration.get("target").and_then(Value::as_table).into_iter().flatten();
    targets.filter(|(name, _)| *name == target || name.starts_with("cfg(")).any(|(_, table)| table.get("rustflags").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_variables_are_read_as_cargo_reads_them() {
        let encoded = || Some("-C\x1flink-arg=a b".to_owned());
        assert_eq!(flags_of_variables(encoded(), Some("-g".into())), Some(vec!["-C".into(), "link-arg=a b".into()]));
        assert_eq!(flags_of_variables(None, Some(" -C  opt-level=3 ".into())), Some(vec!["-C".into(), "opt-level=3".into()]));
        assert_eq!(flags_of_variables(None, None), None);
    }

    #[test]
    fn flags_for_the_target_are_found_under_its_name_and_under_conditions() {
        let has = |text: &str| has_flags(&text.parse().expect("TOML"), "x86_64-unknown-linux-musl");
        assert!(has("target.x86_64-unknown-linux-musl.rustflags = ['-g']"));
        assert!(has("[target.'cfg(unix)']\nrustflags = '-g'"));
        assert!(!has("target.aarch64-apple-darwin.rustflags = ['-g']"));
        assert!(!has("build.rustflags = ['-g']"));
    }
}
