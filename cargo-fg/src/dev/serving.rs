//! Starts the built functions, replaces their previous versions, and stops them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use fg_emulator::{Builder, Emulator, LocalGateway, Notification};

use crate::failure::{Exit, Failure};
use crate::project::{Function, Project};
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags};

/// The functions that are served on one port.
pub(super) struct Serving {
    gateway: Arc<LocalGateway>,
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
        gateway: Arc<LocalGateway>,
        project: &Project,
        screen: Screen,
    ) -> Result<Self, Failure> {
        // No other process has this port, so no other process uses this directory.
        let port = gateway.address().rsplit(':').next().unwrap_or_default().to_owned();
        let directory = project.target_directory.join("fg").join(format!("dev-{port}"));
        let cleared = if directory.exists() { fs::remove_dir_all(&directory) } else { Ok(()) };
        cleared.and_then(|()| fs::create_dir_all(&directory)).map_err(|error| {
            Failure::machine(format!("{} could not be created", directory.display()), &error)
        })?;
        Ok(Self {
            gateway,
            screen,
            directory,
            generation: AtomicU64::new(0),
            running: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        })
    }

    /// Lets requests wait for the function until it is served.
    pub(super) fn expect(&self, function: &Function) {
        self.gateway.set_expected(&function.label);
    }

    /// Lets requests fail with this reason, unless a previous version of the function is served.
    pub(super) fn set_unavailable(&self, functions: &[Function], failure: &Failure) {
        for function in functions {
            let reason = format!(
                "{} could not be built, see the terminal of `cargo fg dev`: {}",
                function.label,
                failure.reason()
            );
            self.gateway.set_absent(&function.label, reason);
        }
    }

    /// Starts a function, waits until it is ready, and replaces the previous version, which finishes
    /// its running invocations.
    pub(super) fn replace(
        &self,
        function: &Function,
        program: &Path,
        flags: &SettingsFlags,
    ) -> Result<Replaced, Failure> {
        let started = self.start_if_changed(function, program, flags);
        started.inspect_err(|failure| self.gateway.set_absent(&function.label, failure.reason()))
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
        self.serve(&function.label, emulator);
        Ok(Replaced::Started)
    }

    fn is_served_already(&self, function: &Function, program: &Path, settings: &Settings) -> bool {
        let Some(served) = self.gateway.function(&function.label) else { return false };
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
        self.serve(&function.label, Arc::clone(&emulator));
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
        let label = function.label.clone();
        let print_outcome = move |notification: &Notification| {
            let outcome = if notification.succeeded { "succeeded" } else { "failed" };
            screen.line(
                &label,
                &format!("asynchronous invocation {} {outcome}", notification.request_id),
            );
        };
        let builder = builder
            .on_line(move |line| screen.line(&name, line))
            .on_success(print_outcome.clone())
            .on_failure(print_outcome);
        let builder = match key_pair() {
            Some((access_key, secret_key)) => builder.key_pair(access_key, secret_key),
            None => builder,
        };
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

    fn serve(&self, label: &str, emulator: Arc<Emulator>) {
        if let Some(previous) = self.gateway.serve_as(label, emulator) {
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
        // Leftover files do no harm.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The credentials with which the platform's SDKs sign requests.
fn key_pair() -> Option<(String, String)> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some((variable("HUAWEICLOUD_SDK_AK")?, variable("HUAWEICLOUD_SDK_SK")?))
}

/// Prints whether signatures are verified, and whether other machines can call the functions.
pub(super) fn print_access_notes(address: &str, screen: Screen) {
    screen.note(if key_pair().is_some() {
        "signatures of SDKs are verified with HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
    } else {
        "signatures of SDKs are not verified; set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK to verify them"
    });
    if address.parse::<SocketAddr>().is_ok_and(|address| !address.ip().is_loopback()) {
        screen.note(format_args!("every machine that can reach {address} can call the functions"));
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
