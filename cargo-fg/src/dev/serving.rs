//! The functions that are served: built, started, put in the place of those before, and ended.

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

/// What serves functions on one port.
pub(super) struct Serving {
    gateway: Arc<LocalGateway>,
    screen: Screen,
    /// Where the programs run that are served: cargo writes over its own.
    directory: PathBuf,
    generation: AtomicU64,
    /// Those whose processes have to be ended with this one.
    running: Mutex<Vec<Running>>,
    is_stopped: AtomicBool,
}

struct Running {
    emulator: Arc<Emulator>,
    settings: Settings,
    /// The copy of the program, which is of no use afterwards; `None` if it
    /// is started elsewhere.
    program: Option<PathBuf>,
}

/// What has become of a function that was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is served in the place of the one before.
    Started,
    /// The one before is the same, and goes on.
    Unchanged,
}

impl Serving {
    pub(super) fn new(
        gateway: Arc<LocalGateway>,
        project: &Project,
        screen: Screen,
    ) -> Result<Self, Failure> {
        // The port is this process's own, and so is a directory of its name.
        let port = gateway.address().rsplit(':').next().unwrap_or_default().to_owned();
        let directory = project.target_directory.join("fg").join(format!("dev-{port}"));
        let cleared = if directory.exists() { fs::remove_dir_all(&directory) } else { Ok(()) };
        cleared.and_then(|()| fs::create_dir_all(&directory)).map_err(|error| {
            Failure::machine(format!("{} could not be made", directory.display()), &error)
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

    /// Requests wait for it, unless it is served.
    pub(super) fn expect(&self, function: &Function) {
        self.gateway.set_expected(&function.label);
    }

    /// Requests are told why there is no function, unless it is served.
    pub(super) fn tell_absent(&self, functions: &[Function], failure: &Failure) {
        for function in functions {
            let reason = format!(
                "{} could not be built, see where `cargo fg dev` runs: {}",
                function.label,
                failure.reason()
            );
            self.gateway.set_absent(&function.label, reason);
        }
    }

    /// Starts a function, waits until it is ready, and puts it in the place of the one before,
    /// which finishes what it does.
    pub(super) fn replace(
        &self,
        function: &Function,
        program: &Path,
        flags: &SettingsFlags,
    ) -> Result<Put, Failure> {
        let started = self.start_if_changed(function, program, flags);
        started.inspect_err(|failure| self.gateway.set_absent(&function.label, failure.reason()))
    }

    fn start_if_changed(
        &self,
        function: &Function,
        program: &Path,
        flags: &SettingsFlags,
    ) -> Result<Put, Failure> {
        let settings = Settings::resolve(flags, function)?;
        if self.is_served_already(function, program, &settings) {
            return Ok(Put::Unchanged);
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
        self.put(&function.label, emulator);
        Ok(Put::Started)
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

    /// Serves a function whose process is started elsewhere.
    pub(super) fn attach(
        &self,
        function: &Function,
        settings: &Settings,
        runtime_api: Option<SocketAddr>,
    ) -> Result<Arc<Emulator>, Failure> {
        let builder =
            runtime_api.into_iter().fold(settings.attach(function), Builder::runtime_api_at);
        let emulator = self.start(builder, function, settings.clone(), None)?;
        self.put(&function.label, Arc::clone(&emulator));
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
        let told = function.label.clone();
        let tell = move |notification: &Notification| {
            let outcome = if notification.succeeded { "succeeded" } else { "failed" };
            screen.line(
                &told,
                &format!("asynchronous invocation {} {outcome}", notification.request_id),
            );
        };
        let builder = builder
            .on_line(move |line| screen.line(&name, line))
            .on_success(tell.clone())
            .on_failure(tell);
        let builder = match key_pair() {
            Some((access_key, secret_key)) => builder.key_pair(access_key, secret_key),
            None => builder,
        };
        // Who stops all that run waits until this one is among them.
        let mut running = self.running();
        if self.is_stopped() {
            return Err(Failure::new(Exit::Interrupted, "all functions are being ended"));
        }
        let started = builder.start();
        let emulator = Arc::new(started.map_err(|error| {
            Failure::machine(format!("{} could not be run", function.label), &error)
        })?);
        running.push(Running { emulator: Arc::clone(&emulator), settings, program });
        Ok(emulator)
    }

    /// Whether all functions are being ended.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// Whether there is a function that can be asked.
    pub(super) fn has_any(&self) -> bool {
        !self.running().is_empty()
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, label: &str, emulator: Arc<Emulator>) {
        if let Some(before) = self.gateway.serve_as(label, emulator) {
            let program = self.forget(&before);
            // A process may take its time to end, and the new one need not wait for that.
            let end = move || {
                drop(before);
                remove(program);
            };
            if let Err(error) = thread::Builder::new().name("end-of-function".into()).spawn(end) {
                self.screen.error(format_args!("the {label} before could not be ended: {error}"));
            }
        }
    }

    /// From now on it is not for us to end it. Gives its program.
    fn forget(&self, emulator: &Arc<Emulator>) -> Option<PathBuf> {
        let mut running = self.running();
        let at = running.iter().position(|running| Arc::ptr_eq(&running.emulator, emulator))?;
        running.swap_remove(at).program
    }

    /// Ends all processes.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        let running = std::mem::take(&mut *self.running());
        thread::scope(|scope| {
            for Running { emulator, .. } in &running {
                scope.spawn(|| emulator.stop());
            }
        });
        // What is left there is of no use, and of no harm.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The credentials that the platform's SDKs would sign with.
fn key_pair() -> Option<(String, String)> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some((variable("HUAWEICLOUD_SDK_AK")?, variable("HUAWEICLOUD_SDK_SK")?))
}

/// Says who can call the functions at this address, beyond this machine and without a signature.
pub(super) fn tell_of_callers(address: &str, screen: Screen) {
    screen.note(if key_pair().is_some() {
        "signatures of SDKs are verified, with the key of HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
    } else {
        "signatures of SDKs are not verified; they are if HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are set"
    });
    if address.parse::<SocketAddr>().is_ok_and(|address| !address.ip().is_loopback()) {
        screen.note(format_args!("every machine that reaches {address} can call the functions"));
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

/// Where it cannot be removed, because it still runs, it is removed with all of them.
fn remove(program: Option<PathBuf>) {
    let _ = program.map(fs::remove_file);
}
