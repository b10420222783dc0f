//! Runs the commands of the README's transcript, and compares their output.
//!
//! `FG_UPDATE_DOCS=1 cargo test -p cargo-fg --test cli transcript` updates it. cargo's own
//! lines are omitted; numbers, times and ids are not compared, and neither are sizes, which are
//! only those of an optimized program when it is updated.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::fg::{
    build_quickly, repository, run, target_directory, use_lock_file, wait_until, without_settings,
};

const BEGIN: &str = "```console\n";
const END: &str = "```\n";

/// The beginnings of cargo's progress lines.
const PROGRESS: [&str; 8] = [
    "Adding",
    "Blocking",
    "Compiling",
    "Downloaded",
    "Downloading",
    "Finished",
    "Locking",
    "Updating",
];

/// Runs the commands of the transcript.
struct Shell {
    directory: PathBuf,
    /// The directory of `cargo-fg`, added to `PATH`.
    programs: PathBuf,
    served: Option<(Child, String)>,
}

impl Shell {
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        without_settings(&mut command).args(["-c", line]).current_dir(&self.directory);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        command
            .env("PATH", std::env::join_paths(path).expect("no name has a colon"))
            .env("FG_LISTEN", "0")
            .env_remove("FG_PATH");
        command
    }

    /// Runs a command, and returns its output.
    fn enter(&mut self, line: &str) -> String {
        if let Some(directory) = line.strip_prefix("cd ") {
            self.directory.push(directory);
            use_lock_file(&self.directory);
            return String::new();
        }
        if let Some(line) = line.strip_suffix(" &") {
            return self.enter_in_the_background(line);
        }
        let address = self.served.as_ref().map_or("127.0.0.1:9000", |(_, address)| address);
        let ran =
            run(&mut self
                .command(&format!("{{ {}; }} 2>&1", line.replace("127.0.0.1:9000", address))))
            .ended_with(0);
        // The tests' target directory and clone are replaced by those in the transcript.
        let text = without_progress(&ran.stdout)
            .replace(target_directory().to_string_lossy().as_ref(), "target");
        let text = text.replace(repository().to_string_lossy().as_ref(), "/home/ada/fg");
        if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
    }

    /// Waits until it is ready, and returns its output so far.
    fn enter_in_the_background(&mut self, line: &str) -> String {
        let said = self.programs.join("said");
        let mut command = self.command(&format!("exec {line}"));
        command.stdout(Stdio::null()).stderr(fs::File::create(&said).expect("it is written"));
        let child = command.spawn().expect("there is a shell");
        let read = || fs::read_to_string(&said).unwrap_or_default();
        let (child, _) = self.served.insert((child, String::new()));
        wait_until("it is ready", || {
            let ended = child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "{line}: it has ended: {}", read());
            read().contains("Ready")
        });
        let text = without_progress(&read());
        let address = text
            .split_once("http://")
            .map(|(_, rest)| rest.lines().next().unwrap_or_default().to_owned());
        let address = address.expect("it says where it serves");
        let text = text.replace(&address, "127.0.0.1:9000");
        self.served = self.served.take().map(|(child, _)| (child, address));
        text
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.served {
            // Fails if it has already exited.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn without_progress(text: &str) -> String {
    let is_progress = |line: &str| PROGRESS.iter().any(|word| line.trim_start().starts_with(word));
    text.lines().filter(|line| !is_progress(line)).map(|line| format!("{line}\n")).collect()
}

/// Replaces each number, with its unit, by a placeholder.
fn without_numbers(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).filter(|word| *word != " ").map(|word| {
        let is_hexadecimal = |part: &str| {
            part.len() > 30
                && part.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
        };
        let bare = word.trim().trim_matches(['\'', ',']);
        let word = if is_hexadecimal(bare) { word.replace(bare, "#") } else { word.to_owned() };
        word.replace(|letter: char| letter.is_ascii_digit(), "#")
            .replace("#.#", "#")
            .replace("KB", "B")
            .replace("MB", "B")
    });
    let mut text: String = words.collect();
    while text.contains("##") || text.contains("#.#") {
        text = text.replace("##", "#").replace("#.#", "#");
    }
    text
}

fn is_there(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn the_transcript_of_the_readme_is_up_to_date() {
    if !cfg!(target_os = "linux") || !is_there("curl", &["--version"]) {
        println!("SKIPPED: the first minute needs Linux and curl");
        return;
    }
    let has_target = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", "x86_64-unknown-linux-musl"])
        .output();
    let has_target = has_target
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir());
    if !has_target {
        println!(
            "x86_64-unknown-linux-musl is not installed: `cargo fg package` is told to build for x86_64-unknown-linux-gnu"
        );
    }
    let readme = repository().join("README.md");
    let text = fs::read_to_string(&readme).expect("it is there");
    let (before, rest) = text.split_once(BEGIN).expect("the README has a transcript");
    let (transcript, after) = rest.split_once(END).expect("it has an end");

    let directory = tempfile::tempdir().expect("a directory");
    let programs = tempfile::tempdir().expect("a directory");
    let program = Path::new(env!("CARGO_BIN_EXE_cargo-fg"));
    fs::hard_link(program, programs.path().join("cargo-fg"))
        .or_else(|_| fs::copy(program, programs.path().join("cargo-fg")).map(drop))
        .expect("it is put there");
    let updates = std::env::var_os("FG_UPDATE_DOCS").is_some();
    if !updates {
        build_quickly(directory.path());
    }
    let mut shell = Shell {
        directory: directory.path().to_owned(),
        programs: programs.path().to_owned(),
        served: None,
    };
    let mut happened = String::new();
    for line in transcript.lines().filter_map(|line| line.strip_prefix("$ ")) {
        happened += &format!("$ {line}\n");
        let for_here = if has_target { "" } else { " --target x86_64-unknown-linux-gnu" };
        happened +=
            &shell.enter(&line.replace("cargo fg package", &format!("cargo fg package{for_here}")));
    }
    if updates {
        fs::write(&readme, format!("{before}{BEGIN}{happened}{END}{after}"))
            .expect("it is written");
    } else {
        let (expected, happened) = (without_numbers(transcript), without_numbers(&happened));
        assert_eq!(
            happened, expected,
            "FG_UPDATE_DOCS=1 cargo test -p cargo-fg --test cli transcript"
        );
    }
}

#[test]
fn numbers_are_not_compared() {
    let one = "memory used: 4.145MB at 2026-11-24T19:35:06Z of '50a9c0c0-4e33-4575-824e-342e92c3ee0a', 64 B\n";
    let other = "memory used: 12.1MB at 2027-01-02T03:04:05Z of '03c15819-7ab2-49cd-afda-f4e1af101154',  1.2 KB\n";
    assert_eq!(without_numbers(one), without_numbers(other));
    assert_ne!(without_numbers(one), without_numbers(&one.replace("used", "free")));
}
