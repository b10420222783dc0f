//! The places of a pool, each with an instance or for one that is being started, and which of them
//! handles the next request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::http_instance::PortUse;
use super::instance::Instance;

/// The instances of a function, and the requests that they handle.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    next_id: u64,
    started: u64,
    pub(super) stopped: bool,
    /// Whether there can be more than one instance; `None` while that is not known.
    pub(super) port_use: Option<PortUse>,
}

#[derive(Debug)]
struct Slot {
    id: u64,
    /// `None` while it is being started.
    instance: Option<Arc<Instance>>,
    requests: usize,
    /// When it was started, or its last request ended.
    since: Instant,
}

/// The instances of a function at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instances {
    /// How many handle no request.
    pub idle: usize,
    /// How many are being started, or handle a request.
    pub busy: usize,
    /// How many have been started so far.
    pub started: u64,
}

/// What an invocation gets from the pool.
#[derive(Debug)]
pub(super) enum Acquired {
    Instance(u64, Arc<Instance>),
    /// An instance has to be started in this place.
    Place(u64),
    Stopped,
}

impl Slot {
    fn has_ended(&self) -> bool {
        self.instance.as_ref().is_some_and(|instance| instance.has_ended())
    }

    /// The fullest instance handles the next request, and then the one that was used last, so that
    /// the others become idle for long and are reclaimed.
    fn preference(&self) -> (bool, usize, Instant) {
        (self.instance.is_some(), self.requests, self.since)
    }

    fn is_idle(&self) -> bool {
        self.requests == 0 && self.instance.is_some()
    }
}

impl Slots {
    pub(super) fn counts(&self) -> Instances {
        let idle = self.slots.iter().filter(|slot| slot.is_idle()).count();
        Instances { idle, busy: self.slots.len() - idle, started: self.started }
    }

    /// How many instances there can be now.
    pub(super) fn max_instances(&self, configured: usize) -> usize {
        if self.port_use == Some(PortUse::Own) { configured } else { configured.min(1) }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.slots.iter().filter_map(|slot| slot.instance.as_ref())
    }

    /// An instance that handles no request.
    pub(super) fn first_idle(&self) -> Option<Arc<Instance>> {
        self.slots.iter().find(|slot| slot.is_idle())?.instance.clone()
    }

    /// Takes a place for one more request: of an instance, or for a new one. `None` if all
    /// instances are busy.
    pub(super) fn acquire(&mut self, configured: usize, concurrency: usize) -> Option<Acquired> {
        if self.stopped {
            return Some(Acquired::Stopped);
        }
        self.slots.retain(|slot| slot.requests > 0 || !slot.has_ended());
        let has_room = |slot: &Slot| slot.requests < concurrency && !slot.has_ended();
        let free = (0..self.slots.len())
            .filter(|index| has_room(&self.slots[*index]))
            .max_by_key(|index| self.slots[*index].preference());
        let Some(index) = free else {
            let is_full = self.slots.len() >= self.max_instances(configured);
            return (!is_full).then(|| Acquired::Place(self.add(1)));
        };
        // If it is being started, it will have room then.
        let slot = &mut self.slots[index];
        let instance = Arc::clone(slot.instance.as_ref()?);
        slot.requests += 1;
        Some(Acquired::Instance(slot.id, instance))
    }

    /// Adds a place for an instance that is being started, with this number of requests.
    pub(super) fn add(&mut self, requests: usize) -> u64 {
        self.next_id += 1;
        self.started += 1;
        let id = self.next_id;
        self.slots.push(Slot { id, instance: None, requests, since: Instant::now() });
        id
    }

    /// The instance has been started, or could not be.
    pub(super) fn fill(&mut self, id: u64, instance: Option<&Arc<Instance>>) {
        match (instance, self.slots.iter_mut().find(|slot| slot.id == id)) {
            (Some(instance), Some(slot)) => {
                slot.instance = Some(Arc::clone(instance));
                slot.since = Instant::now();
            }
            _ => self.slots.retain(|slot| slot.id != id),
        }
    }

    /// A request has ended.
    pub(super) fn release(&mut self, id: u64) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == id) else { return };
        slot.requests -= 1;
        slot.since = Instant::now();
        let is_over = slot.requests == 0 && (self.stopped || slot.has_ended());
        if is_over {
            self.slots.retain(|slot| slot.id != id);
        }
    }

    /// Adds places until there are this many instances, and returns them.
    pub(super) fn add_missing(&mut self, wanted: usize) -> Vec<u64> {
        self.slots.retain(|slot| slot.requests > 0 || !slot.has_ended());
        let missing = if self.stopped { 0 } else { wanted.saturating_sub(self.slots.len()) };
        (0..missing).map(|_| self.add(0)).collect()
    }

    /// How many instances are missing to this number.
    pub(super) fn missing(&self, wanted: usize) -> usize {
        wanted.saturating_sub(self.slots.iter().filter(|slot| !slot.has_ended()).count())
    }

    /// How long until an instance can be reclaimed; `None` if none can be. `kept` are not
    /// reclaimed.
    pub(super) fn next_reclaim(&self, limit: Duration, kept: usize) -> Option<Duration> {
        if self.slots.len() <= kept {
            return None;
        }
        let idle = self.slots.iter().filter(|slot| slot.is_idle());
        idle.map(|slot| limit.saturating_sub(slot.since.elapsed())).min()
    }

    /// Takes the instances that have been idle for this long, the longest first, but leaves `kept`.
    pub(super) fn take_expired(&mut self, limit: Duration, kept: usize) -> Vec<Arc<Instance>> {
        let mut expired = Vec::new();
        while self.slots.len() > kept {
            let idle = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_idle());
            let Some((index, slot)) = idle.min_by_key(|(_, slot)| slot.since) else { break };
            if slot.since.elapsed() < limit {
                break;
            }
            expired.extend(self.slots.swap_remove(index).instance);
        }
        expired
    }

    /// Takes all instances that handle no request, and no other one is given a request.
    pub(super) fn stop_and_take_idle(&mut self) -> Vec<Arc<Instance>> {
        self.stopped = true;
        let (idle, busy): (Vec<_>, Vec<_>) = self.slots.drain(..).partition(Slot::is_idle);
        self.slots = busy;
        idle.into_iter().filter_map(|slot| slot.instance).collect()
    }
}
