//! Runs all loads against all servers, and computes the ratios.

use serde_json::{Value, json};

use super::load::load;
use super::server::{ALL, AXUM, Program, Server, build, is_installed};
use crate::machine;
use crate::measure::Meter;
use crate::one_core::OneCore;
use crate::suite::{median, say};

/// The number of repetitions: `--quick` takes about a minute after the build.
struct Extent {
    instructions: (usize, usize),
    rounds: usize,
    /// Requests of a round.
    requests: usize,
}

const FULL: Extent = Extent { instructions: (500, 2500), rounds: 100, requests: 4_800 };
const QUICK: Extent = Extent { instructions: (50, 250), rounds: 14, requests: 3_200 };

/// Threads of the servers, and connections.
const LOADS: [(usize, usize); 4] = [(1, 1), (1, 16), (1, 64), (2, 16)];

/// One server in one round.
struct Round {
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
    let mut rows = Vec::new();
    for (threads, connections) in LOADS {
        rows.extend(compare(meter, threads, connections, &extent)?);
    }
    Ok(json!({
        "machine": machine::machine(),
        "date": machine::date(),
        "command": machine::command(),
        "rounds": extent.rounds,
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
        load(server.address, 1, count)?;
        server.end()?;
        meter.read_callgrind("callgrind.out")
    };
    let (short, long) = (run(few)?, run(many)?);
    Ok((long as f64 - short as f64) / (many - few) as f64)
}

/// Runs rounds in which every server runs once; returns a row for each server.
///
/// The rounds are many and short, with new processes and connections: what one of these is given
/// (pages, ports, neighbours) makes a difference for as long as it lasts, so that a longer round is
/// no more exact.
fn compare(
    meter: &Meter,
    threads: usize,
    connections: usize,
    extent: &Extent,
) -> Result<Vec<Value>, String> {
    // The client is in this process.
    let cores = OneCore::enter()?;
    let of_servers = if threads == 1 { cores.other() } else { cores.all() };
    let run = |program| {
        let tool = ["taskset", "-c", of_servers];
        let server = Server::start(&meter.folders, program, &variables(threads), &tool)?;
        load(server.address, connections, extent.requests / 4)?;
        let round = time(&server, connections, extent.requests)?;
        server.end()?;
        Ok(round)
    };
    let mut rounds = Vec::new();
    for round in 0..extent.rounds {
        say(&format!(
            "{connections} connections, threads: {threads}, round {} of {}",
            round + 1,
            extent.rounds
        ));
        let taken: Result<Vec<Round>, String> = ALL.into_iter().map(run).collect();
        rounds.push(taken?);
    }
    let axum = ALL.iter().position(|program| program.title == AXUM).unwrap_or(0);
    let middle = |value: &dyn Fn(&Vec<Round>) -> f64| median(rounds.iter().map(value).collect());
    let row = |(index, program): (usize, &Program)| {
        json!({
            "threads": threads,
            "connections": connections,
            "program": program.title,
            "budgets": program.budgets,
            "throughput": middle(&|round| round[index].throughput),
            "throughput_ratio": middle(&|round| round[index].throughput / round[axum].throughput),
            "p99_ratio": middle(&|round| round[index].p99 / round[axum].p99),
            "cpu_ratio": middle(&|round| round[index].cpu / round[axum].cpu),
        })
    };
    Ok(ALL.iter().enumerate().map(row).collect())
}

fn time(server: &Server, connections: usize, requests: usize) -> Result<Round, String> {
    let before = server.cpu_time();
    let loaded = load(server.address, connections, requests)?;
    let cpu = server.cpu_time().zip(before).and_then(|(after, before)| after.checked_sub(before));
    Ok(Round {
        throughput: requests as f64 / loaded.time.as_secs_f64(),
        p99: loaded.p99.as_secs_f64(),
        cpu: cpu.ok_or("the system does not tell the processor time of a process")?.as_secs_f64()
            / requests as f64,
    })
}

/// The variables that set the number of threads of each server.
fn variables(threads: usize) -> [(&'static str, &'static str); 1] {
    [("RUNTIME_CPU", if threads == 1 { "300" } else { "2000" })]
}
