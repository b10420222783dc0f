//! The instances of each version that came as a package: started at its first invocation, replaced
//! when the version has changed.

use std::collections::HashMap;
use std::sync::Arc;

use fg_emulator::Emulator;
use parking_lot::Mutex;

use super::Limits;
use super::launch::{Refusal, builder, reserved};
use crate::catalog::function::Function;
use crate::catalog::version::Version;
use crate::code::Unpacked;
use crate::store::Store;
use crate::urn::{FunctionName, Place};

/// The instances of all versions.
#[derive(Debug)]
pub(super) struct Instances {
    place: Place,
    store: Arc<Store>,
    limits: Limits,
    slots: Mutex<HashMap<(FunctionName, String), Arc<Slot>>>,
}

/// The place of a version. Its lock is held while instances are started, so that they are started
/// once.
#[derive(Debug, Default)]
struct Slot {
    running: Mutex<Option<Running>>,
}

/// The instances of a version, and what they were started with.
#[derive(Debug)]
struct Running {
    function_id: String,
    version: Version,
    /// How many instances are kept although they are idle.
    reserved: usize,
    emulator: Arc<Emulator>,
    /// The folder that the processes run in.
    _folder: Arc<Unpacked>,
}

impl Running {
    fn is_for(&self, function: &Function, version: &Version) -> bool {
        self.function_id == function.id
            && self.reserved == reserved(function, version)
            && self.version.config == version.config
            && self.version.code == version.code
    }
}

impl Instances {
    pub(super) fn new(place: Place, store: Arc<Store>, limits: &Limits) -> Self {
        Self { place, store, limits: limits.clone(), slots: Mutex::default() }
    }

    /// The instances of a version. If it has changed since its instances were started, new ones are
    /// started; the old ones end when their invocations have.
    pub(super) fn of(
        &self,
        function: &Function,
        version: &Version,
    ) -> Result<Arc<Emulator>, Refusal> {
        let key = (function.name.clone(), version.name.clone());
        let slot = Arc::clone(self.slots.lock().entry(key).or_default());
        let mut running = slot.running.lock();
        if let Some(same) = running.as_ref().filter(|running| running.is_for(function, version)) {
            return Ok(Arc::clone(&same.emulator));
        }
        let folder = self.store.unpacked(&version.code.digest)?;
        let builder = builder(&self.place, function, version, &folder, &self.limits)?;
        let emulator = Arc::new(builder.start()?);
        let previous = running.replace(Running {
            function_id: function.id.clone(),
            version: version.clone(),
            reserved: reserved(function, version),
            emulator: Arc::clone(&emulator),
            _folder: folder,
        });
        // Stopping takes its time, and the new ones are ready.
        drop(running);
        drop(previous);
        Ok(emulator)
    }

    /// The instances of all versions of a function that run now.
    pub(super) fn emulators(&self, function: &FunctionName) -> Vec<Arc<Emulator>> {
        let slots: Vec<_> = {
            let slots = self.slots.lock();
            slots.iter().filter(|((name, _), _)| name == function).map(|(_, s)| s.clone()).collect()
        };
        let running = slots.iter().map(|slot| slot.running.lock());
        running.filter_map(|running| Some(Arc::clone(&running.as_ref()?.emulator))).collect()
    }

    /// Ends the instances of versions that are not wanted any more.
    pub(super) fn retain(&self, is_wanted: impl Fn(&FunctionName, &str) -> bool) {
        let removed: Vec<_> = {
            let mut slots = self.slots.lock();
            let unwanted: Vec<_> =
                slots.keys().filter(|(name, version)| !is_wanted(name, version)).cloned().collect();
            unwanted.iter().filter_map(|key| slots.remove(key)).collect()
        };
        // Without the lock, since stopping takes its time.
        drop(removed);
    }

    pub(super) fn stop(&self) {
        let slots: Vec<_> = self.slots.lock().drain().map(|(_, slot)| slot).collect();
        std::thread::scope(|scope| {
            for slot in slots {
                scope.spawn(move || {
                    if let Some(running) = slot.running.lock().take() {
                        running.emulator.stop();
                    }
                });
            }
        });
    }
}
