//! The functions that are served: built, started, put in the place of those before, and ended.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use fg_emulator::{Builder, Emulator, Gateway, Notification};

use crate::failure::{Exit, Failure};
use crate::project::{Function, Project};
use crate::screen::Screen;
use crate::settings::{Settings, SettingsFlags};

/// What serves functions on one port.
pub(super) struct Serving {
    gateway: Arc<Gateway>,
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
    /// The copy of the program, which is of no use afterwards; nothing where somebody else starts it.
    program: Option<PathBuf>,
}

impl Serving {
    pub(super) fn new(gateway: Arc<Gateway>, project: &Project, screen: Screen) -> Result<Self, Failure> {
        // The port is this process's own, and so is a directory of its name.
        let port = gateway.address().rsplit(':').next().unwrap_or_default().to_owned();
        let directory = project.target_directory.join("fg").join(format!("dev-{port}"));
        let cleared = if directory.exists() { fs::remove_dir_all(&directory) } else { Ok(()) };
        cleared
            .and_then(|()| fs::create_dir_all(&directory))
            .map_err(|error| Failure::machine(format!("{} could not be made", directory.display()), &error))?;
        Ok(Self {
            gateway,
            screen,
            directory,
            generation: AtomicU64::new(0),
            running: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        })
    }

    /// Starts a function, waits until it is ready, and puts it in the place of the one before, which finishes what it does.
    pub(super) fn replace(&self, function: &Function, program: &Path, flags: &SettingsFlags) -> Result<(), Failure> {
        let settings = Settings::resolve(flags, function)?;
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let copy = self.directory.join(format!("{}-{generation}{}", function.name, std::env::consts::EXE_SUFFIX));
        fs::copy(program, &copy).map_err(|error| Failure::machine(format!("{} could not be copied", program.display()), &error))?;
        let emulator = self.start(settings.emulate(function, &copy), function, Some(copy))?;
        emulator.wait_until_ready().map_err(|error| {
            emulator.stop();
            remove(self.forget(&emulator));
            Failure::machine(format!("{} does not run", function.name), &error)
        })?;
        self.put(emulator);
        Ok(())
    }

    /// Serves a function whose process somebody else starts.
    pub(super) fn attach(&self, function: &Function, flags: &SettingsFlags) -> Result<Arc<Emulator>, Failure> {
        let settings = Settings::resolve(flags, function)?;
        let emulator = self.start(settings.attach(function), function, None)?;
        self.put(Arc::clone(&emulator));
        Ok(emulator)
    }

    fn start(&self, builder: Builder, function: &Function, program: Option<PathBuf>) -> Result<Arc<Emulator>, Failure> {
        let (screen, name) = (self.screen, function.name.clone());
        let told = function.name.clone();
        let tell = move |notification: &Notification| {
            let outcome = if notification.succeeded { "succeeded" } else { "failed" };
            screen.line(&told, &format!("asynchronous invocation {} {outcome}", notification.request_id));
        };
        let builder = builder.on_line(move |line| screen.line(&name, line)).on_success(tell.clone()).on_failure(tell);
        let builder = match key_pair() {
            Some((access_key, secret_key)) => builder.key_pair(access_key, secret_key),
            None => builder,
        };
        // Who stops all that run waits until this one is among them.
        let mut running = self.running();
        if self.is_stopped.load(Ordering::SeqCst) {
            return Err(Failure::new(Exit::Interrupted, "all functions are being ended"));
        }
        let started = builder.start();
        let emulator = Arc::new(started.map_err(|error| Failure::machine(format!("{} could not be run", function.name), &error))?);
        running.push(Running { emulator: Arc::clone(&emulator), program });
        Ok(emulator)
    }

    /// Whether there is a function that can be asked.
    pub(super) fn has_any(&self) -> bool {
        !self.running().is_empty()
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, emulator: Arc<Emulator>) {
        let name = emulator.name().to_owned();
        if let Some(before) = self.gateway.serve(emulator) {
            let program = self.forget(&before);
            // A process may take its time to end, and the new one need not wait for that.
            let end = move || {
                drop(before);
                remove(program);
            };
            if let Err(error) = thread::Builder::new().name("end-of-function".into()).spawn(end) {
                self.screen.error(format_args!("the {name} before could not be ended: {error}"));
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

/// Where it cannot be removed, because it still runs, it is removed with all of them.
fn remove(program: Option<PathBuf>) {
    let _ = program.map(fs::remove_file);
}
