//! Takes all measurements of all programs.

use serde_json::{Map, Value, json};

use crate::machine;
use crate::measure::{HELLO, Meter, Timed, Work};
use crate::one_core::OneCore;
use crate::programs::{ALL, Binary, FEATURES, FG, FG_PIPELINED, FLOOR, FLOOR_PIPELINED, Program};

/// The number of repetitions: `--quick` takes about a minute after the build.
struct Extent {
    instructions: (usize, usize),
    system_calls: (usize, usize),
    rounds: usize,
    timed: usize,
    /// For memory and connections.
    long_run: usize,
    first_polls: usize,
    sizes: &'static [usize],
    log_lines: &'static [usize],
    cold_builds: bool,
}

const FULL: Extent = Extent {
    instructions: (500, 2500),
    system_calls: (500, 2500),
    rounds: 9,
    timed: 4000,
    long_run: 100_000,
    first_polls: 101,
    sizes: &[17, 10_000, 1_000_000, 6_000_000],
    log_lines: &[0, 1, 10],
    cold_builds: true,
};

const QUICK: Extent = Extent {
    instructions: (50, 250),
    system_calls: (200, 1200),
    rounds: 3,
    timed: 1000,
    long_run: 5000,
    first_polls: 11,
    sizes: &[],
    log_lines: &[],
    cold_builds: false,
};

/// The measures of the smallest function: a column for each program, found by its title.
type Table = Map<String, Value>;

/// All results, and the errors of measurements that failed.
pub(crate) fn run(meter: &Meter, quick: bool) -> Value {
    let mut suite = Suite {
        meter,
        extent: if quick { QUICK } else { FULL },
        errors: Vec::new(),
        skipped: Map::new(),
    };
    let programs = suite.build();
    let hello = suite.hello(&programs);
    let features = suite.features();
    let payloads = suite.payloads(&programs);
    let logs = suite.logs(&programs);
    json!({
        "machine": machine::machine(),
        "date": machine::date(),
        "command": machine::command(),
        "long_run": suite.extent.long_run,
        "programs": programs.iter().map(|program| program.title).collect::<Vec<_>>(),
        "skipped": suite.skipped,
        "hello": hello,
        "features": features,
        "payloads": payloads,
        "logs": logs,
        "errors": suite.errors,
    })
}

struct Suite<'a> {
    meter: &'a Meter,
    extent: Extent,
    errors: Vec<String>,
    skipped: Map<String, Value>,
}

impl Suite<'_> {
    /// The programs that were built successfully.
    fn build(&mut self) -> Vec<Program> {
        let mut built: Vec<Program> = Vec::new();
        for program in ALL {
            if program.is_repeat {
                if built.iter().any(|other| other.name == program.name) {
                    built.push(program);
                }
                continue;
            }
            say(&format!("building {}", program.title));
            match self.meter.folders.build(&program) {
                Ok(()) => built.push(program),
                Err(reason) => {
                    say(&format!("SKIPPED: {}: {reason}", program.title));
                    self.skipped.insert(program.title.to_owned(), json!(reason));
                }
            }
        }
        built
    }

    /// The value; or `None`, and the error is added to the report.
    fn take<T>(&mut self, what: &str, program: &Program, result: Result<T, String>) -> Option<T> {
        result
            .map_err(|error| {
                let error = format!("{what} of {}: {error}", program.title);
                say(&error);
                self.errors.push(error);
            })
            .ok()
    }

    fn hello(&mut self, programs: &[Program]) -> Map<String, Value> {
        let mut table = Map::new();
        let mut set = |measure: &str, program: &Program, value: Value| {
            let row = table.entry(measure).or_insert_with(|| json!({}));
            row[program.title] = value;
        };
        for program in programs {
            say(&format!("counting {}", program.title));
            let counted = self.meter.instructions(program, HELLO, self.extent.instructions);
            set("instructions", program, json!(self.take("instructions", program, counted)));
            // On one core: on two, the program may receive the two parts of a response in separate
            // reads.
            let one_core = self.one_core();
            let counted = self.meter.system_calls(program, HELLO, self.extent.system_calls);
            drop(one_core);
            let (calls, by_name) = self.take("system calls", program, counted).unzip();
            set("system_calls", program, json!(calls));
            set("system_calls_by_name", program, json!(by_name));
            if program.name != "go" {
                let counted = self.meter.allocations(program, HELLO, 2000);
                let (allocations, bytes) = self.take("allocations", program, counted).unzip();
                set("allocations", program, json!(allocations));
                set("allocated_bytes", program, json!(bytes));
            }
            let counted = self.meter.instructions_to_first_poll(program);
            set(
                "instructions_to_first_poll",
                program,
                json!(self.take("instructions to the first poll", program, counted)),
            );
            let timed = self.meter.time(program, HELLO, 100, self.extent.long_run);
            if let Some(timed) = self.take("a long run", program, timed) {
                set("connections", program, json!(timed.connections));
                set("peak_memory", program, json!(timed.peak_memory));
                set("memory", program, json!(timed.memory));
            }
            if !program.is_repeat {
                let size = std::fs::metadata(self.meter.folders.path_of(program, Binary::Hello))
                    .map(|file| file.len());
                set("hello_bytes", program, json!(size.ok()));
            }
            if !program.is_repeat && program.name != "go" {
                let counted = self.meter.folders.crates(program);
                set("crates", program, json!(self.take("crates", program, counted)));
                if self.extent.cold_builds {
                    for (measure, release) in [("build_debug", false), ("build_release", true)] {
                        let seconds = self.cold_build(program, release);
                        set(measure, program, json!(seconds));
                    }
                }
            }
        }
        let jobs: Vec<(Program, Work)> = programs.iter().map(|program| (*program, HELLO)).collect();
        for (index, ratios) in self.ratios(&jobs, 0, self.extent.timed).into_iter().enumerate() {
            set("time_ratio", &programs[index], json!(ratios.p50));
            set("time_p99_ratio", &programs[index], json!(ratios.p99));
            set("cpu_ratio", &programs[index], json!(ratios.cpu));
        }
        for (index, ratio) in self.first_poll_ratios(programs).into_iter().enumerate() {
            set("first_poll_ratio", &programs[index], json!(ratio));
        }
        table
    }

    /// The times to the first poll, relative to the first program: the median over rounds in which
    /// every program runs once.
    fn first_poll_ratios(&mut self, programs: &[Program]) -> Vec<Option<f64>> {
        let _one_core = self.one_core();
        let mut rounds: Vec<Vec<Option<f64>>> = Vec::new();
        for _ in 0..self.extent.first_polls {
            let time = |program| {
                let timed = self.meter.time_to_first_poll(program);
                self.take("time to the first poll", program, timed).map(|time| time.as_secs_f64())
            };
            rounds.push(programs.iter().map(time).collect());
        }
        let ratios = |index: usize| {
            rounds.iter().filter_map(move |round| Some(round[index]? / round[0]?)).collect()
        };
        (0..programs.len()).map(|index| median(ratios(index))).collect()
    }

    fn one_core(&mut self) -> Option<OneCore> {
        let entered = OneCore::enter();
        entered
            .map_err(|error| self.errors.push(format!("times were taken across cores: {error}")))
            .ok()
    }

    fn cold_build(&mut self, program: &Program, release: bool) -> Option<f64> {
        say(&format!(
            "building {} from nothing, {}",
            program.title,
            if release { "release" } else { "debug" }
        ));
        let before = crate::process::cpu_of_ended_children()?;
        let built = self.meter.folders.cold_build(program, release);
        self.take("a cold build", program, built)?;
        Some(crate::process::cpu_of_ended_children()? - before)
    }

    /// The times of all jobs, relative to one of them: the median over rounds in which every job
    /// runs once.
    fn ratios(&mut self, jobs: &[(Program, Work)], floor: usize, count: usize) -> Vec<Ratios> {
        let _one_core = self.one_core();
        let mut rounds: Vec<Vec<Option<Timed>>> = Vec::new();
        for round in 0..self.extent.rounds {
            say(&format!("timing, round {} of {}", round + 1, self.extent.rounds));
            let time = |(program, work): &(Program, Work)| {
                let timed = self.meter.time(program, *work, (count / 10).max(1), count);
                self.take("times", program, timed)
            };
            rounds.push(jobs.iter().map(time).collect());
        }
        let ratio_of = |job: usize, value: &dyn Fn(&Timed) -> Option<f64>| {
            let in_round = |round: &Vec<Option<Timed>>| {
                Some(value(round[job].as_ref()?)? / value(round[floor].as_ref()?)?)
            };
            median(rounds.iter().filter_map(in_round).collect())
        };
        (0..jobs.len())
            .map(|job| Ratios {
                p50: ratio_of(job, &|timed| Some(timed.p50.as_secs_f64())),
                p99: ratio_of(job, &|timed| Some(timed.p99.as_secs_f64())),
                cpu: ratio_of(job, &|timed| Some(timed.cpu?.as_secs_f64())),
            })
            .collect()
    }

    /// The cost of an unused feature for the smallest function.
    fn features(&mut self) -> Vec<Value> {
        let mut rows = Vec::new();
        for program in FEATURES {
            say(&format!("counting {}", program.title));
            let built = self.meter.folders.build_with_feature(&program);
            if self.take("the build", &program, built).is_none() {
                continue;
            }
            let mut row = Table::new();
            row.insert("program".to_owned(), json!(program.title));
            let counted = self.meter.instructions_to_first_poll(&program);
            row.insert(
                "instructions_to_first_poll".to_owned(),
                json!(self.take("instructions to the first poll", &program, counted)),
            );
            let counted = self.meter.instructions(&program, HELLO, self.extent.instructions);
            row.insert(
                "instructions".to_owned(),
                json!(self.take("instructions", &program, counted)),
            );
            let size = std::fs::metadata(self.meter.folders.path_of(&program, Binary::Hello))
                .map(|file| file.len());
            row.insert("hello_bytes".to_owned(), json!(size.ok()));
            let counted = self.meter.folders.crates(&program);
            row.insert("crates".to_owned(), json!(self.take("crates", &program, counted)));
            if self.extent.cold_builds {
                row.insert("build_release".to_owned(), json!(self.cold_build(&program, true)));
            }
            rows.push(Value::Object(row));
        }
        rows
    }

    /// Larger events, without the columns that differ only in threads.
    fn payloads(&mut self, programs: &[Program]) -> Vec<Value> {
        let mut rows = Vec::new();
        for &size in self.extent.sizes {
            let work = |event| Work { size, event, log_lines: 0 };
            let jobs: Vec<(Program, Work)> = programs
                .iter()
                .filter(|program| !program.is_repeat)
                .flat_map(|program| program.events.iter().map(move |event| (*program, work(event))))
                .filter(|(_, work)| size > 17 || work.event != "echo")
                .collect();
            let (instructions, timed) = match size {
                0..100 => (self.extent.instructions, 2000),
                100..100_000 => ((100, 500), 1000),
                100_000..2_000_000 => ((5, 25), 60),
                _ => ((2, 6), 20),
            };
            say(&format!("events of {size} bytes"));
            // The floor, which is the first program, supports only borrowed events.
            let of_floor =
                jobs.iter().position(|(program, _)| program.name == FLOOR.name).unwrap_or(0);
            let ratios = self.ratios(&jobs, of_floor, timed);
            for ((program, work), ratios) in jobs.iter().zip(ratios) {
                let mut row = Table::new();
                row.insert("size".to_owned(), json!(size));
                row.insert("program".to_owned(), json!(program.title));
                row.insert("event".to_owned(), json!(work.event));
                self.count(&mut row, program, *work, instructions);
                row.insert("time_ratio".to_owned(), json!(ratios.p50));
                let peak =
                    |work| self.meter.time(program, work, 1, 8).map(|timed| timed.peak_memory);
                let tiny = Work { size: 17, ..*work };
                let peaks = peak(*work).and_then(|large| Ok(large.zip(peak(tiny)?)));
                if let Some(Some((large, tiny))) = self.take("the peak memory", program, peaks) {
                    row.insert(
                        "peak_memory_above_tiny".to_owned(),
                        json!(large.saturating_sub(tiny)),
                    );
                }
                rows.push(Value::Object(row));
            }
        }
        rows
    }

    /// Log lines, to a standard output that is not read.
    fn logs(&mut self, programs: &[Program]) -> Vec<Value> {
        let mut rows = Vec::new();
        for &log_lines in self.extent.log_lines {
            say(&format!("{log_lines} log lines"));
            let jobs: Vec<(Program, Work)> = programs
                .iter()
                .filter(|program| !program.is_repeat && !program.events.is_empty())
                .map(|program| (*program, Work { size: 17, event: program.events[0], log_lines }))
                .collect();
            let ratios = self.ratios(&jobs, 0, 1000);
            for ((program, work), ratios) in jobs.iter().zip(ratios) {
                let mut row = Table::new();
                row.insert("log_lines".to_owned(), json!(log_lines));
                row.insert("program".to_owned(), json!(program.title));
                self.count(&mut row, program, *work, (100, 500));
                row.insert("time_ratio".to_owned(), json!(ratios.p50));
                rows.push(Value::Object(row));
            }
        }
        rows
    }

    fn count(
        &mut self,
        row: &mut Table,
        program: &Program,
        work: Work,
        instructions: (usize, usize),
    ) {
        let counted = self.meter.instructions(program, work, instructions);
        row.insert("instructions".to_owned(), json!(self.take("instructions", program, counted)));
        // The chunks of large payloads differ between runs.
        let (few, many) = if work.size > 100_000 {
            (4 * instructions.0, 8 * instructions.1)
        } else {
            instructions
        };
        let counted = self.meter.system_calls(program, work, (few, many));
        row.insert(
            "system_calls".to_owned(),
            json!(self.take("system calls", program, counted).map(|(calls, _)| calls)),
        );
        let counted = self.meter.allocations(program, work, instructions.1 - instructions.0);
        let (allocations, bytes) = self.take("allocations", program, counted).unzip();
        row.insert("allocations".to_owned(), json!(allocations));
        row.insert("allocated_bytes".to_owned(), json!(bytes));
    }
}

struct Ratios {
    p50: Option<f64>,
    p99: Option<f64>,
    cpu: Option<f64>,
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Prints progress to standard error.
pub(crate) fn say(text: &str) {
    eprintln!("bench: {text}");
}

/// The column for the budgets without `pipeline`.
pub(crate) const JUDGED: &str = FG.title;

/// The column for the budgets with `pipeline`.
pub(crate) const JUDGED_PIPELINED: &str = FG_PIPELINED.title;

/// The column whose time those with `pipeline` are held to.
pub(crate) const PIPELINED_FLOOR: &str = FLOOR_PIPELINED.title;
