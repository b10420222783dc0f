//! The loop of `cargo fg dev`: builds the functions, serves them, and waits for a change.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::compile::Report;
use crate::dependencies::{known_local_packages, local_packages};
use crate::dev::serving::{Replaced, Serving};
use crate::dev::snapshot::Snapshot;
use crate::dev::watch::Watch;
use crate::dev::{DevArguments, relative, wait_for_signal};
use crate::failure::{Exit, Failure};
use crate::project::{Function, Project};
use crate::screen::Screen;

/// The state that is kept between builds.
#[derive(Default)]
struct History {
    /// The report of the last build; `None` before the first.
    report: Option<Report>,
    /// The last snapshot, so that unchanged files are not read again.
    seen: Snapshot,
    /// The files that changed during the last build and were the only cause of this one.
    suspected: BTreeSet<PathBuf>,
    /// The files that every build writes, with different contents.
    generated: BTreeSet<PathBuf>,
}

/// The result of a build, and what to watch afterwards.
struct Built {
    outcome: Result<(), Failure>,
    watch: Watch,
    /// The files when the build started: changes since then trigger the next build.
    before: Snapshot,
    /// The files that changed during the build.
    meanwhile: BTreeSet<PathBuf>,
}

/// Builds and serves until a signal ends the process.
pub(super) fn run(
    arguments: &DevArguments,
    serving: &Serving,
    mut project: Project,
    screen: Screen,
) -> ! {
    let mut history = History::default();
    loop {
        let mut built = build(arguments, serving, &project, &mut history, screen);
        if let Err(failure) = &built.outcome {
            screen.error(failure);
            if failure.exit == Exit::Interrupted {
                // The signal handler is about to exit this process.
                wait_for_signal();
            }
            let note = if serving.has_any() { "; the previous version keeps running" } else { "" };
            screen.step("Waiting", format_args!("for a change{note}"));
        }
        history.ignore_generated_files(&mut built, screen);
        let Built { watch, before, meanwhile, .. } = built;
        let (changed, seen) = watch.wait_for_change(before);
        history.seen = seen;
        history.suspected = if changed.iter().all(|path| meanwhile.contains(path)) {
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

impl History {
    /// If a build that was triggered by a build changes the same files again, ignores those files:
    /// they would trigger builds endlessly.
    fn ignore_generated_files(&mut self, built: &mut Built, screen: Screen) {
        let is_cycle = !built.meanwhile.is_empty() && built.meanwhile.is_subset(&self.suspected);
        if is_cycle {
            for path in built.meanwhile.difference(&self.generated) {
                screen.note(format_args!(
                    "every build writes {} with different contents; changes of it are ignored",
                    relative(path).display()
                ));
            }
            self.generated.extend(built.meanwhile.iter().cloned());
        }
        let now = built.watch.scan(&built.before);
        built.before.accept(built.meanwhile.intersection(&self.generated), &now);
    }
}

/// Builds all functions and serves those that run.
fn build(
    arguments: &DevArguments,
    serving: &Serving,
    project: &Project,
    history: &mut History,
    screen: Screen,
) -> Built {
    let watched = |functions: &[Function], report: &Report| {
        Watch::new(project, functions, report, arguments.settings.files())
    };
    let seen = std::mem::take(&mut history.seen);
    let not_built = |outcome, watch: Watch| {
        let before = watch.scan(&seen);
        Built { outcome, watch, before, meanwhile: BTreeSet::new() }
    };
    let functions = match project.functions(&arguments.wanted()) {
        Ok(functions) => functions,
        Err(failure) => {
            let watch = watched(&[], &history.report.clone().unwrap_or_default());
            return not_built(Err(failure), watch);
        }
    };
    for function in &functions {
        serving.expect(function);
    }
    let compile = arguments.compile();
    let known = match &history.report {
        Some(report) => report.clone(),
        // During the first build, changes in local dependencies must be noticed, too.
        None => match local_packages(&compile, &functions) {
            Ok(packages) => {
                Report::of_packages(packages.into_iter().map(|package| package.directory))
            }
            Err(failure) => {
                serving.set_unavailable(&functions, &failure);
                let watch = watched(&functions, &Report::default());
                return not_built(Err(failure), watch);
            }
        },
    };
    let watch = watched(&functions, &known);
    let before = watch.scan(&seen);
    let mut report = Report::default();
    let programs = compile.run_and_report(&functions, screen, &mut report);
    if programs.is_err() {
        // cargo does not report packages that did not compile.
        let packages = known_local_packages(&compile, &functions);
        report.packages.extend(packages.into_iter().map(|package| package.directory));
        report = report.with(&known);
    }
    let now = watch.scan(&before);
    let (read, meanwhile): (BTreeSet<_>, BTreeSet<_>) = before
        .changed(&now)
        .into_iter()
        .partition(|path| now.was_source_before(path, &report.scripts_ended));
    let mut before = before;
    before.accept(&read, &now);
    // From now on, watch the files that only this build has reported, too.
    let watch = watched(&functions, &report);
    let before = before.with_newly_watched(&now, &watch.scan(&now));
    history.report = Some(report);
    let outcome = match programs {
        Ok(programs) => replace_all(&functions, &programs, arguments, serving, screen),
        Err(failure) => {
            serving.set_unavailable(&functions, &failure);
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
            Ok(Replaced::Started) => screen.step("Ready", &function.label),
            Ok(Replaced::Unchanged) => unchanged.push(&function.label),
            // Go on with the other functions; the first failure is returned and printed last.
            Err(failure) if result.is_ok() => result = Err(failure),
            Err(failure) => screen.error(failure),
        }
    }
    // If no function has changed, print all of them, so that the build is seen to be done.
    if unchanged.len() == functions.len() {
        for label in unchanged {
            screen.step("Ready", label);
        }
    }
    result
}
