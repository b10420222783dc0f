//! Runs all loads against all servers, and computes the ratios.

use serde_json::{Value, json};

use super::load::Client;
use super::server::{ALL, AXUM, Program, Server, build, is_installed};
use crate::machine;
use crate::measure::Meter;
use crate::one_core::OneCore;
use crate::suite::{median, say};

/// The number of repetitions: `--quick` takes about a minute after the build.
struct Extent {
    instructions: (usize, usize),
    /// How often the servers are started.
    rounds: usize,
    /// How often it is each server's turn in a round.
    turns: usize,
    /// Requests of a turn.
    requests: usize,
}

const FULL: Extent = Extent { instructions: (500, 2500), rounds: 60, turns: 8, requests: 1_600 };
const QUICK: Extent = Extent { instructions: (50, 250), rounds: 4, turns: 6, requests: 1_600 };

/// Threads of the servers, and connections.
const LOADS: [(usize, usize); 4] = [(1, 1), (1, 16), (1, 64), (2, 16)];

/// One server's turn.
struct Turn {
    /// Requests per second.
    throughput: f64,
    p99: f64,
    /// Processor time per request in seconds.
    cpu: f64,
}

/// All results, and the errors of measurements that failed.
pub(crate) fn run(meter: &Meter, quick: bool) -> Result<Value, String> {
    let extent = if quick { QUICK } else { FULL };
    if let Some(tool) = ["taskset", "valgrind"].into_iter().find(|tool| !is_installed(tool)) {
        return Err(format!("{tool} is not installed"));
    }
    say("building the servers");
    build(&meter.folders)?;
    let mut instructions = Vec::new();
    for program in ALL {
        say(&format!("counting {}", program.title));
        instructions.push(json!({
            "program": program.title,
            "budgets": program.budgets,
            "instructions": count_instructions(meter, program, &extent)?,
        }));
    }
    let rows = compare(meter, &extent)?;
    Ok(json!({
        "machine": machine::machine(),
        "date": machine::date(),
        "command": machine::command(),
        "turns": extent.rounds * extent.turns,
        "requests": extent.requests,
        "instructions": instructions,
        "loads": rows,
    }))
}

/// Instructions in user space for each request on one connection: the difference between a long and
/// a short run.
fn count_instructions(meter: &Meter, program: Program, extent: &Extent) -> Result<f64, String> {
    let (few, many) = extent.instructions;
    let tool = meter.callgrind();
    let tool: Vec<&str> = tool.iter().map(String::as_str).collect();
    let run = |count| {
        let server = Server::start(&meter.folders, program, &variables(1), &tool)?;
        Client::connect(server.address, 1)?.load(count)?;
        server.end()?;
        meter.read_callgrind("callgrind.out")
    };
    let (short, long) = (run(few)?, run(many)?);
    Ok((long as f64 - short as f64) / (many - few) as f64)
}

/// Loads the servers in turns, in rounds of new processes; returns a row for each server under each
/// load.
///
/// The turns are many and short, since where others use the machine as well its speed changes all
/// the time, and a longer turn is no more exact. The processes are new in each round, since what one
/// of them is given (pages, ports) makes a difference for as long as it runs. Each server is the
/// first, the second and so on in as many rounds as the others.
fn compare(meter: &Meter, extent: &Extent) -> Result<Vec<Value>, String> {
    // The client is in this process.
    let cores = OneCore::enter()?;
    let mut turns = LOADS.map(|_| Vec::new());
    for round in 0..extent.rounds {
        say(&format!("round {} of {}", round + 1, extent.rounds));
        for (load, turns) in LOADS.into_iter().zip(&mut turns) {
            take_turns(meter, load, round, &cores, extent, turns)?;
        }
    }
    Ok(LOADS.into_iter().zip(&turns).flat_map(|(load, turns)| rows(load, turns)).collect())
}

/// One round under one load. What is added are the turns of all servers, in their order.
fn take_turns(
    meter: &Meter,
    (threads, connections): (usize, usize),
    round: usize,
    cores: &OneCore,
    extent: &Extent,
    turns: &mut Vec<Vec<Turn>>,
) -> Result<(), String> {
    let tool = ["taskset", "-c", if threads == 1 { cores.other() } else { cores.all() }];
    let start = |index: usize| {
        let program = ALL[index];
        let server = Server::start(&meter.folders, program, &variables(threads), &tool)?;
        let mut client = Client::connect(server.address, connections)?;
        client.load(extent.requests)?;
        Ok((index, server, client))
    };
    let order = (0..ALL.len()).map(|place| (round + place) % ALL.len());
    let mut servers = order.map(start).collect::<Result<Vec<_>, String>>()?;
    for _ in 0..extent.turns {
        let mut taken = Vec::new();
        for (index, server, client) in &mut servers {
            taken.push((*index, take_turn(server, client, extent.requests)?));
        }
        taken.sort_by_key(|(index, _)| *index);
        turns.push(taken.into_iter().map(|(_, turn)| turn).collect());
    }
    Ok(())
}

fn take_turn(server: &Server, client: &mut Client, requests: usize) -> Result<Turn, String> {
    let before = server.cpu_time();
    let loaded = client.load(requests)?;
    let cpu = server.cpu_time().zip(before).and_then(|(after, before)| after.checked_sub(before));
    Ok(Turn {
        throughput: requests as f64 / loaded.time.as_secs_f64(),
        p99: loaded.p99.as_secs_f64(),
        cpu: cpu.ok_or("the system does not tell the processor time of a process")?.as_secs_f64()
            / requests as f64,
    })
}

/// A row for each server under one load.
fn rows((threads, connections): (usize, usize), turns: &[Vec<Turn>]) -> Vec<Value> {
    let axum = ALL.iter().position(|program| program.title == AXUM).unwrap_or(0);
    let middle = |value: &dyn Fn(&Vec<Turn>) -> f64| median(turns.iter().map(value).collect());
    let row = |(index, program): (usize, &Program)| {
        json!({
            "threads": threads,
            "connections": connections,
            "program": program.title,
            "budgets": program.budgets,
            "throughput": middle(&|turn| turn[index].throughput),
            "throughput_ratio": middle(&|turn| turn[index].throughput / turn[axum].throughput),
            "p99_ratio": middle(&|turn| turn[index].p99 / turn[axum].p99),
            "cpu_ratio": middle(&|turn| turn[index].cpu / turn[axum].cpu),
        })
    };
    ALL.iter().enumerate().map(row).collect()
}

/// The variables that set the number of threads of each server.
fn variables(threads: usize) -> [(&'static str, &'static str); 1] {
    [("RUNTIME_CPU", if threads == 1 { "300" } else { "2000" })]
}
