//! Cgroups (version 2) of instances, below one that this program may change, as systemd gives them
//! to the programs of a user (`systemd-run --user --scope`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// The names of cgroups begin with this, and the id of the process that has made them follows.
const PREFIX: &str = "fg-emulator-";

/// How often a cgroup is removed before its processes have ended, and how long is waited between.
const REMOVALS: (usize, Duration) = (50, Duration::from_millis(10));

static CREATED: AtomicU64 = AtomicU64::new(0);

/// A cgroup in which others can be made, with a limit of memory.
#[derive(Clone, Debug)]
pub(super) struct CgroupParent {
    directory: Arc<Path>,
}

/// The cgroup of one instance.
#[derive(Debug)]
pub(super) struct Cgroup {
    directory: PathBuf,
}

impl CgroupParent {
    /// The nearest ancestor of this program's own cgroup in which one can be made and limited. The
    /// own one is not among them, since a cgroup with processes cannot limit those in it.
    pub(super) fn find(limit: u64) -> Option<Self> {
        let own = own_cgroup(
            &fs::read_to_string("/proc/self/cgroup").ok()?,
            &fs::read_to_string("/proc/self/mountinfo").ok()?,
        )?;
        Self::find_above(&own.directory, &own.root, limit)
    }

    fn find_above(own: &Path, root: &Path, limit: u64) -> Option<Self> {
        own.ancestors().skip(1).take_while(|above| above.starts_with(root)).find_map(|above| {
            let parent = Self { directory: above.into() };
            let controllers = fs::read_to_string(above.join("cgroup.subtree_control")).ok()?;
            if !controllers.split_ascii_whitespace().any(|name| name == "memory") {
                return None;
            }
            parent.remove_left_behind();
            // Whether a process can be moved shows with the first one.
            let probe = parent.create(limit).ok()?;
            probe.remove();
            Some(parent)
        })
    }

    /// Makes a cgroup with this limit in bytes.
    pub(super) fn create(&self, limit: u64) -> io::Result<Cgroup> {
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let cgroup = Cgroup { directory: self.directory.join(name) };
        fs::create_dir(&cgroup.directory)?;
        let limited = cgroup.write("memory.max", &limit.to_string()).and_then(|()| {
            // One process of several would be killed otherwise.
            cgroup.write("memory.oom.group", "1")
        });
        if let Err(error) = limited {
            cgroup.remove();
            return Err(error);
        }
        // There is no such file if the kernel has no swap.
        let _ = cgroup.write("memory.swap.max", "0");
        Ok(cgroup)
    }

    /// Removes the cgroups of emulators that were killed. Those with processes stay.
    fn remove_left_behind(&self) {
        for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let maker = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
            if maker.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
                // An error means that there are processes in it.
                let _ = fs::remove_dir(entry.path());
            }
        }
    }
}

impl Cgroup {
    /// Moves a process into the cgroup. Those that it starts from now on are in it as well.
    pub(super) fn add(&self, process: u32) -> io::Result<()> {
        self.write("cgroup.procs", &process.to_string()).inspect_err(|_| self.remove())
    }

    /// Whether the kernel has ended a process because of the limit.
    pub(super) fn has_killed(&self) -> bool {
        let events = fs::read_to_string(self.directory.join("memory.events")).unwrap_or_default();
        oom_kills(&events) > 0
    }

    /// Removes the cgroup, and kills what is left in it.
    pub(super) fn remove(&self) {
        // There is no such file before Linux 5.14.
        let _ = self.write("cgroup.kill", "1");
        for _ in 0..REMOVALS.0 {
            match fs::remove_dir(&self.directory) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    thread::sleep(REMOVALS.1);
                }
                // It is removed, or it was already.
                _ => return,
            }
        }
    }

    fn write(&self, file: &str, value: &str) -> io::Result<()> {
        // The file is there. It must not be made, which some file systems other than that of
        // cgroups would do.
        let mut file = fs::OpenOptions::new().write(true).open(self.directory.join(file))?;
        io::Write::write_all(&mut file, value.as_bytes())
    }
}

/// Where a cgroup is, and the highest directory of its hierarchy.
#[derive(Debug, PartialEq, Eq)]
struct OwnCgroup {
    directory: PathBuf,
    root: PathBuf,
}

/// The own cgroup, from `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn own_cgroup(cgroups: &str, mounts: &str) -> Option<OwnCgroup> {
    let path = cgroups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let root = mounts.lines().find_map(|line| {
        // The type of the file system is the first field after a dash, and the mount point the
        // fifth before.
        let (mount, file_system) = line.split_once(" - ")?;
        let is_it = file_system.split(' ').next() == Some("cgroup2");
        if is_it { mount.split(' ').nth(4).map(PathBuf::from) } else { None }
    })?;
    Some(OwnCgroup { directory: root.join(path.trim_start_matches('/')), root })
}

fn oom_kills(events: &str) -> u64 {
    let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_cgroup_and_the_kills_are_read_from_the_kernels_files() {
        let mounts = "24 1 0:22 / /sys rw - sysfs sysfs rw\n\
            30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = own_cgroup("0::/user.slice/app.scope\n", mounts);
        let (directory, root) = ("/sys/fs/cgroup/user.slice/app.scope", "/sys/fs/cgroup");
        assert_eq!(own, Some(OwnCgroup { directory: directory.into(), root: root.into() }));
        assert_eq!(own_cgroup("4:memory:/x\n", mounts), None);
        assert_eq!(oom_kills("low 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 1\n"), 2);
        assert_eq!(oom_kills(""), 0);
    }

    #[test]
    fn a_directory_that_is_no_cgroup_is_not_used() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let own = root.path().join("a/b");
        fs::create_dir_all(&own).expect("it is writable");
        assert!(CgroupParent::find_above(&own, root.path(), 1 << 20).is_none());
        // One that says that it limits memory, but has no files for it.
        fs::write(root.path().join("a/cgroup.subtree_control"), "cpu memory\n").expect("writable");
        assert!(CgroupParent::find_above(&own, root.path(), 1 << 20).is_none());
        assert_eq!(fs::read_dir(root.path().join("a")).expect("it is there").count(), 2);
    }
}
