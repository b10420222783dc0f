//! Builds the functions when a file changes, for ever, and serves those that run.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::compile::Report;
use crate::dependencies::{known_local_packages, local_packages};
use crate::dev::serving::{Put, Serving};
use crate::dev::snapshot::Snapshot;
use crate::dev::watch::Watch;
use crate::dev::{DevArguments, relative, wait_for_signal};
use crate::failure::{Exit, Failure};
use crate::project::{Function, Project};
use crate::screen::Screen;

/// What is remembered from one build to the next.
#[derive(Default)]
struct Memory {
    /// What the last build was made of; nothing before the first.
    report: Option<Report>,
    /// The files as they were when they were last looked at: what is as it was is not read again.
    seen: Snapshot,
    /// What changed during the last build, and led to this one all by itself.
    blamed: BTreeSet<PathBuf>,
    /// What builds write anew each time, different bytes as they may be.
    generated: BTreeSet<PathBuf>,
}

/// One build, and what to look at afterwards.
struct Built {
    outcome: Result<(), Failure>,
    watch: Watch,
    /// The files as they were when the build began: what changes meanwhile counts.
    before: Snapshot,
    /// What changed while it was built.
    meanwhile: BTreeSet<PathBuf>,
}

/// Builds and serves for ever: a signal ends it.
pub(super) fn for_ever(
    arguments: &DevArguments,
    serving: &Serving,
    mut project: Project,
    screen: Screen,
) -> ! {
    let mut memory = Memory::default();
    loop {
        let mut built = build(arguments, serving, &project, &mut memory, screen);
        if let Err(failure) = &built.outcome {
            screen.error(failure);
            if failure.exit == Exit::Interrupted {
                // The signal has reached this process, too, and ends it.
                wait_for_signal();
            }
            let goes_on = if serving.has_any() { "; what was served before goes on" } else { "" };
            screen.step("Waiting", format_args!("for a change{goes_on}"));
        }
        memory.take_out_what_builds_write(&mut built, screen);
        let Built { watch, before, meanwhile, .. } = built;
        let (changed, seen) = watch.wait_for_change(before);
        memory.seen = seen;
        memory.blamed = if changed.iter().all(|path| meanwhile.contains(path)) {
            meanwhile
        } else {
            BTreeSet::new()
        };
        let others = if changed.len() > 1 {
            format!(" and {} more", changed.len() - 1)
        } else {
            String::new()
        };
        let first = changed.first().map(|path| relative(path)).unwrap_or_default();
        screen.step("Changed", format_args!("{}{others}", first.display()));
        match Project::read() {
            Ok(read) => project = read,
            Err(failure) => screen.error(failure),
        }
    }
}

impl Memory {
    /// A build that has led to another one which changes the same files would lead to a third one,
    /// and so on.
    fn take_out_what_builds_write(&mut self, built: &mut Built, screen: Screen) {
        let is_circle = !built.meanwhile.is_empty() && built.meanwhile.is_subset(&self.blamed);
        if is_circle {
            for path in built.meanwhile.difference(&self.generated) {
                screen.note(format_args!(
                    "{} is written anew by each build, and with other contents: that leads to no further build",
                    relative(path).display()
                ));
            }
            self.generated.extend(built.meanwhile.iter().cloned());
        }
        let now = built.watch.look(&built.before);
        built.before.accept(built.meanwhile.intersection(&self.generated), &now);
    }
}

/// Builds all functions and serves those that run.
fn build(
    arguments: &DevArguments,
    serving: &Serving,
    project: &Project,
    memory: &mut Memory,
    screen: Screen,
) -> Built {
    let watched = |functions: &[Function], report: &Report| {
        Watch::new(project, functions, report, arguments.settings.files())
    };
    let seen = std::mem::take(&mut memory.seen);
    let nothing = |outcome, watch: Watch| {
        let before = watch.look(&seen);
        Built { outcome, watch, before, meanwhile: BTreeSet::new() }
    };
    let functions = match project.functions(&arguments.wanted()) {
        Ok(functions) => functions,
        Err(failure) => {
            let watch = watched(&[], &memory.report.clone().unwrap_or_default());
            return nothing(Err(failure), watch);
        }
    };
    for function in &functions {
        serving.expect(function);
    }
    let compile = arguments.compile();
    let known = match &memory.report {
        Some(report) => report.clone(),
        // Before the first build: an edit of another package while it runs counts, too.
        None => match local_packages(&compile, &functions) {
            Ok(packages) => {
                Report::of_packages(packages.into_iter().map(|package| package.directory))
            }
            Err(failure) => {
                serving.tell_absent(&functions, &failure);
                let watch = watched(&functions, &Report::default());
                return nothing(Err(failure), watch);
            }
        },
    };
    let watch = watched(&functions, &known);
    let before = watch.look(&seen);
    let mut report = Report::default();
    let programs = compile.run_and_report(&functions, screen, &mut report);
    if programs.is_err() {
        // Of what did not compile, nothing is reported.
        let packages = known_local_packages(&compile, &functions);
        report.packages.extend(packages.into_iter().map(|package| package.directory));
        report = report.with(&known);
    }
    let now = watch.look(&before);
    let (read, meanwhile): (BTreeSet<_>, BTreeSet<_>) = before
        .changed(&now)
        .into_iter()
        .partition(|path| now.was_source_before(path, &report.scripts_ended));
    let mut before = before;
    before.accept(&read, &now);
    // Files that only this build has told of are seen from now on.
    let watch = watched(&functions, &report);
    let before = before.with_files_of_wider_look(&now, &watch.look(&now));
    memory.report = Some(report);
    let outcome = match programs {
        Ok(programs) => replace_all(&functions, &programs, arguments, serving, screen),
        Err(failure) => {
            serving.tell_absent(&functions, &failure);
            Err(failure)
        }
    };
    Built { outcome, watch, before, meanwhile }
}

fn replace_all(
    functions: &[Function],
    programs: &[PathBuf],
    arguments: &DevArguments,
    serving: &Serving,
    screen: Screen,
) -> Result<(), Failure> {
    let mut result = Ok(());
    let mut unchanged = Vec::new();
    for (function, program) in functions.iter().zip(programs) {
        match serving.replace(function, program, &arguments.settings) {
            Ok(Put::Started) => screen.step("Ready", &function.label),
            Ok(Put::Unchanged) => unchanged.push(&function.label),
            // The others are served all the same; the first that is not is told last.
            Err(failure) if result.is_ok() => result = Err(failure),
            Err(failure) => screen.error(failure),
        }
    }
    // Of an edit that comes to nothing, all are told.
    if unchanged.len() == functions.len() {
        for label in unchanged {
            screen.step("Ready", label);
        }
    }
    result
}
