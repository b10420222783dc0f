//! Ends a process that uses more memory than its function has.
//!
//! A limit of the address space would be wrong, since runtimes such as those of Go, Java and Node
//! reserve much more than they use. So where this program may create cgroups (version 2), the
//! kernel enforces the limit. Elsewhere on Linux the memory of the process and its descendants is
//! looked at while requests are handled. On other systems neither is possible without `unsafe`
//! code.

mod cgroup;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::settings::{Program, Settings};

use cgroup::{Cgroup, CgroupParent};
use watch::Watch;

/// How the memory of a function is limited. Returned by
/// [`Emulator::memory_enforcement`](crate::Emulator::memory_enforcement).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryEnforcement {
    /// It is not limited: that was not asked for, or is not possible on this system.
    None,
    /// The kernel ends the processes of an instance as soon as they need more, without swap. Each
    /// instance has a cgroup (version 2) of its own.
    Cgroup,
    /// While requests are handled, and until the instance is ready, the resident memory of the
    /// process and its descendants is looked at every 100 ms. So they can use more for as long.
    Watched,
}

/// How the memory of all instances is limited.
#[derive(Clone, Debug)]
pub(super) struct MemoryPolicy {
    parent: Option<CgroupParent>,
    enforcement: MemoryEnforcement,
}

impl MemoryPolicy {
    /// Finds out what is possible here.
    pub(super) fn new(settings: &Settings) -> Self {
        if !settings.enforces_memory || matches!(settings.program, Program::Attached) {
            return Self { parent: None, enforcement: MemoryEnforcement::None };
        }
        let parent = CgroupParent::find(limit(settings));
        let enforcement = match parent {
            Some(_) => MemoryEnforcement::Cgroup,
            None if cfg!(target_os = "linux") => MemoryEnforcement::Watched,
            None => MemoryEnforcement::None,
        };
        Self { parent, enforcement }
    }

    pub(super) fn enforcement(&self) -> MemoryEnforcement {
        self.enforcement
    }

    /// Limits the memory of one process, which has just been started. `kill` kills it.
    pub(super) fn limit(
        &self,
        settings: &Settings,
        process: u32,
        kill: impl Fn() + Send + 'static,
    ) -> Option<MemoryLimit> {
        let cgroup = self.parent.as_ref().and_then(|parent| {
            let cgroup = parent.create(limit(settings)).ok()?;
            cgroup.add(process).is_ok().then_some(cgroup)
        });
        let kind = match (cgroup, self.enforcement) {
            (_, MemoryEnforcement::None) => return None,
            (Some(cgroup), _) => Kind::Cgroup { cgroup, was_exceeded: AtomicBool::new(false) },
            (None, _) => Kind::Watch(Watch::start(process, limit(settings), kill)?),
        };
        Some(MemoryLimit { kind })
    }
}

/// In bytes.
fn limit(settings: &Settings) -> u64 {
    u64::from(settings.memory) << 20
}

/// The limit of one process and its descendants.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Cgroup { cgroup: Cgroup, was_exceeded: AtomicBool },
    Watch(Arc<Watch>),
}

impl MemoryLimit {
    /// Whether the process was ended because it used too much.
    pub(super) fn was_exceeded(&self) -> bool {
        match &self.kind {
            Kind::Cgroup { was_exceeded, .. } => was_exceeded.load(Ordering::SeqCst),
            Kind::Watch(watch) => watch.was_exceeded(),
        }
    }

    /// The process is active until what is returned is dropped.
    pub(super) fn begin_activity(&self) -> Option<Activity> {
        match &self.kind {
            Kind::Cgroup { .. } => None,
            Kind::Watch(watch) => Some(Activity::begin(watch)),
        }
    }

    /// The process has ended.
    pub(super) fn end(&self) {
        match &self.kind {
            Kind::Cgroup { cgroup, was_exceeded } => {
                was_exceeded.store(cgroup.has_killed(), Ordering::SeqCst);
                cgroup.remove();
            }
            Kind::Watch(watch) => watch.end(),
        }
    }
}

/// A time in which a process is active, and so is looked at.
#[derive(Debug)]
pub(super) struct Activity(Arc<Watch>);

impl Activity {
    fn begin(watch: &Arc<Watch>) -> Self {
        watch.begin_activity();
        Self(Arc::clone(watch))
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.0.end_activity();
    }
}
