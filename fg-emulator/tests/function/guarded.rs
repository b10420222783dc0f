//! A function ends with the process that holds its emulator, however that ends.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fg_emulator::Emulator;

use crate::scripted::{LIMIT, start};

/// What the holder runs: a shell with a child in its group, one in a group of its own, and one that
/// has left everything but its environment. Each writes its id.
const SCRIPT: &str = "setsid sh -c 'echo id $$; exec sleep 600' & (setsid sh -c 'echo id $$; exec sleep 600' & ) ; (echo id $(exec sh -c 'echo $PPID'); exec sleep 600) & echo id $$; wait";

/// No test of its own: the process that the others end holds an emulator with it.
#[test]
#[ignore = "a part of the other tests here"]
fn holds_an_emulator() {
    let emulator = Emulator::builder("sh")
        .arg("-c")
        .arg(SCRIPT)
        .init_timeout(LIMIT)
        .on_line(|line| println!("{line}"));
    let emulator = start(if std::env::var_os("FOREGROUND").is_some() {
        emulator.foreground()
    } else {
        emulator
    });
    let _ = emulator.wait_until_ready();
}

fn hold(foreground: bool) -> (Child, Vec<u32>) {
    let mut command = Command::new(std::env::current_exe().expect("a test is a program"));
    command.args(["--exact", "guarded::holds_an_emulator", "--ignored", "--nocapture"]);
    if foreground {
        command.env("FOREGROUND", "1");
    }
    let mut holder =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let lines = BufReader::new(holder.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let ids: Vec<u32> =
        lines.filter_map(|line| line.split_once("id ")?.1.parse().ok()).take(4).collect();
    assert_eq!(ids.len(), 4);
    (holder, ids)
}

fn runs(id: u32) -> bool {
    // One that has ended, and that its parent has not asked for, is there as well.
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

fn wait_until_none_runs(ids: &[u32]) {
    let end = Instant::now() + LIMIT;
    while ids.iter().any(|id| runs(*id)) {
        let left: Vec<_> = ids.iter().map(|id| (id, runs(*id))).collect();
        assert!(Instant::now() < end, "some are left: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nothing_of_a_function_is_left_when_its_holder_is_killed() {
    if !Path::new("/usr/bin/setsid").exists() {
        println!("SKIPPED: a process of its own needs setsid");
        return;
    }
    for signal in ["KILL", "TERM", "INT"] {
        if signal == "INT" && ignores_interrupts() {
            println!("SKIPPED: SIGINT is ignored here, as in the background of a shell");
            continue;
        }
        let (mut holder, ids) = hold(false);
        assert!(ids.iter().all(|id| runs(*id)), "{ids:?}");
        let sent = Command::new("kill")
            .args([format!("-{signal}"), holder.id().to_string()])
            .status()
            .expect("there is kill");
        assert!(sent.success());
        holder.wait().expect("it ends");
        wait_until_none_runs(&ids);
    }
}

/// Whether this process ignores SIGINT, which what it starts then does as well.
fn ignores_interrupts() -> bool {
    const SIGINT: u64 = 1 << 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & SIGINT != 0)
}

#[test]
fn nothing_of_a_function_in_the_foreground_is_left_when_its_holder_is_killed() {
    if !Path::new("/usr/bin/setsid").exists() {
        println!("SKIPPED: a process of its own needs setsid");
        return;
    }
    let (mut holder, ids) = hold(true);
    holder.kill().expect("it runs");
    holder.wait().expect("it ends");
    wait_until_none_runs(&ids);
}

#[test]
fn what_has_left_the_functions_group_ends_with_the_function() {
    if !Path::new("/usr/bin/setsid").exists() {
        println!("SKIPPED: a process of its own needs setsid");
        return;
    }
    // One that has left everything but its environment, and one that has given up that.
    for detached in [
        "(setsid sh -c 'echo id $$; exec sleep 600' & )",
        "env -i /usr/bin/setsid /bin/sh -c 'echo id $$; exec /bin/sleep 600' &",
    ] {
        let (told, lines) = std::sync::mpsc::channel();
        let script = format!("{detached}\nexec sleep 600");
        let emulator = start(
            Emulator::builder("sh")
                .arg("-c")
                .arg(script)
                .on_line(move |line| drop(told.send(line.to_owned()))),
        );
        let line = lines.recv_timeout(LIMIT).expect("it says its id");
        let id = line.strip_prefix("id ").and_then(|id| id.parse().ok()).expect("an id");
        assert!(runs(id));
        drop(emulator);
        wait_until_none_runs(&[id]);
    }
}
