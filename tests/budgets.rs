//! What `budgets.toml` holds and cargo can test: how many crates a function is built from, and how
//! much memory a large event takes.

mod program;

use std::collections::BTreeSet;
use std::process::Command;

/// The number of this name in `budgets.toml`.
fn budget(name: &str) -> f64 {
    let number = include_str!("../budgets.toml").lines().find_map(|line| {
        let (key, rest) = line.split_once('=')?;
        (key.trim() == name)
            .then(|| rest.split('#').next().unwrap_or_default().trim().parse().ok())?
    });
    number.unwrap_or_else(|| panic!("budgets.toml has no number for {name}"))
}

#[test]
fn the_default_build_has_no_more_crates_than_its_budget() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = "tree --quiet --locked --offline --package functiongraph --edges normal --prefix none --format {p}";
    let output = Command::new(cargo)
        .args(arguments.split(' '))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names are text");
    // A name and a version; what may follow is a path, a kind, or the mark of a repetition.
    let crates: BTreeSet<String> =
        tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    println!("{} crates: {crates:?}", crates.len());
    assert!(
        crates.iter().any(|name| name.starts_with("serde_json v")),
        "this is not the tree: {tree}"
    );
    assert!(crates.len() as f64 <= budget("crates"), "{} crates: {crates:?}", crates.len());
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_event_that_is_borrowed_is_held_in_memory_once() {
    const LARGE: usize = 6_000_000;
    let (tiny, large) = (peak_memory(1), peak_memory(LARGE));
    let most = budget("peak_memory_factor") * LARGE as f64 + budget("peak_memory_extra_bytes");
    println!("{tiny} bytes with a tiny event, {large} with one of {LARGE} bytes");
    let above = large.saturating_sub(tiny) as f64;
    assert!(above <= most, "{tiny} bytes with a tiny event, {large} with one of {LARGE} bytes");
    assert!(
        above >= LARGE as f64 / 2.0,
        "the payload has not been counted: {tiny} and {large} bytes"
    );
}

/// The peak of the resident memory of a function that has served some events with a note of this
/// length, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory(note: usize) -> u64 {
    use std::time::Duration;

    use fg_emulator::{Event, RuntimeApi};

    let api = RuntimeApi::start().expect("loopback has a free port");
    let mut function = program::on_platform("borrowed_event", &api, &[]);
    for _ in 0..3 {
        let event = format!("{{\"customer\":\"Ada\",\"note\":\"{}\"}}", "x".repeat(note));
        let answer =
            api.invoke(Event::new(event)).wait(Duration::from_secs(20)).expect("it is answered");
        assert_eq!(answer.text(), "{\"customer\":\"Ada\",\"note_was_copied\":false}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.id()))
        .expect("the function runs");
    function.kill().expect("it runs");
    function.wait().expect("it ends");
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("it is a number") * 1024
}
