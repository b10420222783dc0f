//! Snapshots of files, and their differences.
//!
//! Files are compared by content: a build script may rewrite a file next to the sources each time
//! that it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Larger files are compared by time and size.
const READ_LIMIT: u64 = 16 << 20;

/// The coarsest resolution of file times: within it, a file may change without a new time.
const TICK: Duration = Duration::from_secs(2);

/// Why a file is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    /// Only because it is in a package in which every file counts.
    Loose,
    /// It is a source file, or listed by cargo or a build script.
    Listed,
}

/// The state of one file.
#[derive(Clone, Debug)]
struct Stamp {
    modified: SystemTime,
    size: u64,
    digest: u64,
    known: Known,
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        (self.size, self.digest) == (other.size, other.digest)
    }
}

/// The state of all files at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Snapshot(BTreeMap<PathBuf, Stamp>);

impl Snapshot {
    /// Adds a file, if it exists. Its content is not read again if it is unchanged since `before`.
    pub(super) fn add(&mut self, path: PathBuf, known: Known, before: &Self) {
        let Ok(about) = fs::metadata(&path) else { return };
        let (modified, size) = (about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len());
        let known = self.0.get(&path).map_or(known, |stamp| stamp.known.max(known));
        let is_old = modified.elapsed().is_ok_and(|age| age > TICK);
        let same = before
            .0
            .get(&path)
            .filter(|stamp| is_old && (stamp.modified, stamp.size) == (modified, size));
        let digest = same.map(|stamp| stamp.digest);
        let digest = digest.or_else(|| {
            if about.is_file() && size <= READ_LIMIT { digest_of(&path) } else { None }
        });
        let digest = digest.unwrap_or_else(|| hash(|hasher| modified.hash(hasher)));
        self.0.insert(path, Stamp { modified, size, digest, known });
    }

    /// The files that are new, changed or removed.
    pub(super) fn changed(&self, now: &Self) -> Vec<PathBuf> {
        let all: BTreeSet<_> = self.0.keys().chain(now.0.keys()).collect();
        all.into_iter().filter(|path| self.0.get(*path) != now.0.get(*path)).cloned().collect()
    }

    /// Adds the files that only `wider` has, a scan with more watched files. A file in `later`, a
    /// later scan of the same files as this one, is not added: it is new, and must be reported.
    pub(super) fn with_newly_watched(mut self, later: &Self, wider: &Self) -> Self {
        for (path, stamp) in &wider.0 {
            if !later.0.contains_key(path) {
                self.0.entry(path.clone()).or_insert_with(|| stamp.clone());
            }
        }
        self
    }

    /// Updates these files to their state in a later snapshot.
    pub(super) fn accept<'a>(
        &mut self,
        paths: impl IntoIterator<Item = &'a PathBuf>,
        later: &Self,
    ) {
        for path in paths {
            match later.0.get(path) {
                Some(stamp) => drop(self.0.insert(path.clone(), stamp.clone())),
                None => drop(self.0.remove(path)),
            }
        }
    }

    /// Whether this is a source file that has not changed since the build script of its package
    /// finished, so that the package was compiled with it.
    pub(super) fn was_source_before(
        &self,
        path: &Path,
        scripts_ended: &BTreeMap<PathBuf, SystemTime>,
    ) -> bool {
        let package = scripts_ended
            .iter()
            .filter(|(package, _)| path.starts_with(package))
            .max_by_key(|(package, _)| package.as_os_str().len());
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        is_source
            && package
                .zip(self.0.get(path))
                .is_some_and(|((_, ended), stamp)| stamp.modified <= *ended)
    }

    /// Whether a file is [`Known::Loose`].
    pub(super) fn is_loose(&self, path: &Path) -> bool {
        self.0.get(path).is_some_and(|stamp| stamp.known == Known::Loose)
    }
}

fn digest_of(path: &Path) -> Option<u64> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(READ_LIMIT).read_to_end(&mut bytes).ok()?;
    Some(hash(|hasher| bytes.hash(hasher)))
}

fn hash(feed: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    feed(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_compared_by_content() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).expect("it is written");
        let scan = |before: &Snapshot| {
            let mut found = Snapshot::default();
            ["a", "b", "c", "d", "e"]
                .iter()
                .for_each(|name| found.add(path(name), Known::Listed, before));
            found
        };
        for name in ["a", "b", "c", "e"] {
            write(name, "1");
            let old = SystemTime::now() - Duration::from_secs(60);
            File::options()
                .append(true)
                .open(path(name))
                .and_then(|file| file.set_modified(old))
                .expect("it is set");
        }
        let before = scan(&Snapshot::default());
        write("a", "1");
        write("b", "2");
        fs::remove_file(path("c")).expect("it is removed");
        write("d", "");
        let now = scan(&before);
        assert_eq!(before.changed(&now), ["b", "c", "d"].map(path));
        let mut accepted = before.clone();
        accepted.accept(&[path("b"), path("c")], &now);
        assert_eq!(accepted.changed(&now), [path("d")]);
        let nothing = Snapshot::default();
        assert_eq!(accepted.clone().with_newly_watched(&nothing, &now), now);
        assert_eq!(accepted.clone().with_newly_watched(&now, &now), accepted);
    }

    #[test]
    fn a_source_that_a_build_script_writes_is_compiled_in_the_same_build() {
        let directory = tempfile::tempdir().expect("a directory");
        let (source, other) =
            (directory.path().join("generated.rs"), directory.path().join("schema.txt"));
        let mut now = Snapshot::default();
        for path in [&source, &other] {
            fs::write(path, "").expect("it is written");
            now.add(path.clone(), Known::Listed, &Snapshot::default());
        }
        let ended = |at: SystemTime| BTreeMap::from([(directory.path().to_owned(), at)]);
        let (past, future) = (
            SystemTime::now() - Duration::from_secs(60),
            SystemTime::now() + Duration::from_secs(60),
        );
        assert!(
            now.was_source_before(&source, &ended(future))
                && !now.was_source_before(&source, &ended(past))
        );
        assert!(
            !now.was_source_before(&other, &ended(future)),
            "the script may have read it before"
        );
        assert!(!now.was_source_before(&source, &BTreeMap::new()));
    }
}
