//! Starts the built functions, replaces their previous versions, and stops them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use fg_emulator::{Builder, Emulator};
use fg_local::Local;

use crate::dev::platform::Platform;
use crate::dev::timers::FunctionTimer;
use crate::failure::{Exit, Failure};
use crate::project::{Function, Project};
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags};

/// The functions that are served on one port.
pub(super) struct Serving {
    platform: Platform,
    /// Those of functions that have not been served yet.
    timers: Mutex<Vec<FunctionTimer>>,
    screen: Screen,
    /// The directory of the programs that run. They are copies, since cargo overwrites its own
    /// output.
    directory: PathBuf,
    generation: AtomicU64,
    /// The functions whose processes must be stopped before this one exits.
    running: Mutex<Vec<Running>>,
    is_stopped: AtomicBool,
}

struct Running {
    emulator: Arc<Emulator>,
    settings: Settings,
    /// The copy of the program, to be removed afterwards; `None` for an attached process.
    program: Option<PathBuf>,
}

/// What [`Serving::replace`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    /// The new version replaced the previous one.
    Started,
    /// The previous version is identical and keeps running.
    Unchanged,
}

impl Serving {
    pub(super) fn new(
        platform: Platform,
        timers: Vec<FunctionTimer>,
        project: &Project,
        screen: Screen,
    ) -> Result<Self, Failure> {
        // No other process has this port, so no other process uses this directory.
        let port = platform.local.address().port();
        let directory = project.target_directory.join("fg").join(format!("dev-{port}"));
        let cleared = if directory.exists() { fs::remove_dir_all(&directory) } else { Ok(()) };
        cleared.and_then(|()| fs::create_dir_all(&directory)).map_err(|error| {
            Failure::machine(format!("{} could not be created", directory.display()), &error)
        })?;
        Ok(Self {
            platform,
            timers: Mutex::new(timers),
            screen,
            directory,
            generation: AtomicU64::new(0),
            running: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        })
    }

    /// The platform on this machine.
    pub(super) fn local(&self) -> &Local {
        &self.platform.local
    }

    /// Lets requests wait for the function until it is served.
    pub(super) fn expect(&self, function: &Function) {
        self.local().set_expected(&function.label);
    }

    /// Lets requests fail with this reason, unless a previous version of the function is served.
    pub(super) fn set_unavailable(&self, functions: &[Function], failure: &Failure) {
        for function in functions {
            let reason = format!(
                "{} could not be built, see the terminal of `cargo fg dev`: {}",
                function.label,
                failure.reason()
            );
            self.local().set_absent(&function.label, reason);
        }
    }

    /// Starts a function, waits until it is ready, and replaces the previous version, which
    /// finishes its running invocations.
    pub(super) fn replace(
        &self,
        function: &Function,
        program: &Path,
        flags: &SettingsFlags,
    ) -> Result<Replaced, Failure> {
        let started = self.start_if_changed(function, program, flags);
        started.inspect_err(|failure| self.local().set_absent(&function.label, failure.reason()))
    }

    fn start_if_changed(
        &self,
        function: &Function,
        program: &Path,
        flags: &SettingsFlags,
    ) -> Result<Replaced, Failure> {
        let settings = Settings::resolve(flags, function)?;
        if self.is_served_already(function, program, &settings) {
            return Ok(Replaced::Unchanged);
        }
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let copy = self.directory.join(format!(
            "{}-{generation}{}",
            function.unique_name,
            std::env::consts::EXE_SUFFIX
        ));
        fs::copy(program, &copy).map_err(|error| {
            Failure::machine(format!("{} could not be copied", program.display()), &error)
        })?;
        let emulator =
            self.start(settings.emulate(function, &copy), function, settings, Some(copy))?;
        emulator.wait_until_ready().map_err(|error| {
            emulator.stop();
            remove(self.forget(&emulator));
            Failure::machine(format!("{} does not run", function.label), &error)
        })?;
        self.serve(&function.label, &emulator)?;
        Ok(Replaced::Started)
    }

    fn is_served_already(&self, function: &Function, program: &Path, settings: &Settings) -> bool {
        let Some(served) = self.local().function(&function.label) else { return false };
        let running = self.running();
        let same = running.iter().find(|running| {
            Arc::ptr_eq(&running.emulator, &served) && running.settings == *settings
        });
        let copy = same.and_then(|running| running.program.clone());
        drop(running);
        copy.is_some_and(|copy| have_same_bytes(program, &copy).unwrap_or(false))
    }

    /// Serves a function whose process the user starts.
    pub(super) fn attach(
        &self,
        function: &Function,
        settings: &Settings,
        runtime_api: Option<SocketAddr>,
    ) -> Result<Arc<Emulator>, Failure> {
        let builder =
            runtime_api.into_iter().fold(settings.attach(function), Builder::runtime_api_at);
        let emulator = self.start(builder, function, settings.clone(), None)?;
        self.serve(&function.label, &emulator)?;
        Ok(emulator)
    }

    fn start(
        &self,
        builder: Builder,
        function: &Function,
        settings: Settings,
        program: Option<PathBuf>,
    ) -> Result<Arc<Emulator>, Failure> {
        let (screen, name) = (self.screen, function.label.clone());
        let builder = builder.on_line(move |line| screen.line(&name, line));
        // `stop` waits for this lock, and so does not miss this function.
        let mut running = self.running();
        if self.is_stopped() {
            return Err(Failure::new(Exit::Interrupted, "all functions are being stopped"));
        }
        let started = builder.start();
        let emulator = Arc::new(started.map_err(|error| {
            Failure::machine(format!("{} could not be run", function.label), &error)
        })?);
        running.push(Running { emulator: Arc::clone(&emulator), settings, program });
        Ok(emulator)
    }

    /// Whether all functions are being stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// Whether any function is running.
    pub(super) fn has_any(&self) -> bool {
        !self.running().is_empty()
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, label: &str, emulator: &Arc<Emulator>) -> Result<(), Failure> {
        let served = self.local().serve(label, Arc::clone(emulator));
        let previous = served.map_err(|error| {
            emulator.stop();
            remove(self.forget(emulator));
            Failure::machine(format!("{label} could not be served"), &*error)
        })?;
        if let Some(previous) = previous {
            let program = self.forget(&previous);
            // On another thread: a process may take long to end.
            let stop = move || {
                drop(previous);
                remove(program);
            };
            if let Err(error) = thread::Builder::new().name("stop-function".into()).spawn(stop) {
                self.screen.error(format_args!(
                    "the previous version of {label} could not be stopped: {error}"
                ));
            }
        }
        self.start_timers(label);
        Ok(())
    }

    /// Starts the timers of a function that is served for the first time: before, there was nothing
    /// for them to invoke.
    fn start_timers(&self, label: &str) {
        let mut waiting = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        let (ours, others) =
            std::mem::take(&mut *waiting).into_iter().partition(|timer| timer.function == label);
        *waiting = others;
        drop(waiting);
        let ours: Vec<FunctionTimer> = ours;
        let timers: Vec<_> = ours.into_iter().map(|timer| timer.timer).collect();
        if timers.is_empty() {
            return;
        }
        if let Err(error) = self.local().set_timers(label, &timers) {
            self.screen.error(format_args!("the timers of {label} do not fire: {error}"));
        }
    }

    /// Removes a function from those that `stop` stops, and returns its program.
    fn forget(&self, emulator: &Arc<Emulator>) -> Option<PathBuf> {
        let mut running = self.running();
        let at = running.iter().position(|running| Arc::ptr_eq(&running.emulator, emulator))?;
        running.swap_remove(at).program
    }

    /// Stops all functions.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        let running = std::mem::take(&mut *self.running());
        thread::scope(|scope| {
            for Running { emulator, .. } in &running {
                scope.spawn(|| emulator.stop());
            }
        });
        self.platform.stop();
        // Leftover files do no harm.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn have_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) =
        (BufReader::with_capacity(1 << 16, one), BufReader::with_capacity(1 << 16, other));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let count = left.len().min(right.len());
        if count == 0 {
            return Ok(left.len() == right.len());
        }
        if left[..count] != right[..count] {
            return Ok(false);
        }
        one.consume(count);
        other.consume(count);
    }
}

/// Removes the copy of a program. If that fails because it is still running, [`Serving::stop`]
/// removes it.
fn remove(program: Option<PathBuf>) {
    let _ = program.map(fs::remove_file);
}
