//! A folder that stands for a bucket: which files are in it, and what has changed since the last
//! look.
//!
//! Files are polled, since notifications of the operating system do not work on every file system.
//! Symbolic links are not followed. A new file, or one that has changed, counts once its size and
//! time are the same for two looks: before that it may still be written.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

use super::object_filter::Operation;

/// The most files in a bucket. One with more is not watched.
const MAX_FILES: usize = 100_000;

/// How much a file's time may be behind the clock: file systems use a coarse one.
const CLOCK_OF_FILES: SignedDuration = SignedDuration::from_millis(20);

/// A bucket as it was at the last look.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    files: BTreeMap<String, File>,
    looked: Option<Timestamp>,
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) key: String,
    pub(super) operation: Operation,
    /// In bytes.
    pub(super) size: u64,
    /// When it happened, or somewhat later.
    pub(super) at: Timestamp,
}

impl Change {
    /// Whether it happened when this trigger was already there.
    pub(super) fn is_since(&self, created: Timestamp) -> bool {
        self.at.checked_add(CLOCK_OF_FILES).is_ok_and(|at| at >= created)
    }
}

#[derive(Clone, Debug)]
struct File {
    state: State,
    at: Timestamp,
    /// It is an object: it was announced, or was there before any trigger.
    is_object: bool,
    /// It is not announced in this state.
    is_new: bool,
}

/// A file that is replaced or written has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    size: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Bucket {
    /// Compares the folder with the last look at it. What was there before `oldest`, the time of
    /// the first trigger, is no change.
    ///
    /// If the folder cannot be read as a whole, nothing has changed.
    pub(super) fn look(
        &mut self,
        folder: &Path,
        oldest: Timestamp,
        now: Timestamp,
    ) -> io::Result<Vec<Change>> {
        if self.looked.is_none() {
            fs::create_dir_all(folder)?;
        }
        let mut found = BTreeMap::new();
        // A link in place of the folder is not followed, either.
        match fs::symlink_metadata(folder) {
            Ok(metadata) if metadata.is_dir() => walk(folder, "", &mut found)?,
            Ok(_) => return Err(io::Error::other("it is not a folder, or a symbolic link")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut changes = Vec::new();
        let mut files = BTreeMap::new();
        for (key, (state, changed)) in found {
            let before = self.files.remove(&key);
            let file = match (before, self.looked) {
                (Some(before), _) if before.state == state => {
                    if before.is_new {
                        let (operation, size) = (Operation::Created, state.size);
                        changes.push(Change { key: key.clone(), operation, size, at: before.at });
                    }
                    File { is_object: true, is_new: false, ..before }
                }
                // Whatever its own time is, it was not there at the last look.
                (before, Some(looked)) => File {
                    state,
                    at: changed.max(looked),
                    is_object: before.is_some_and(|before| before.is_object),
                    is_new: true,
                },
                (_, None) => {
                    let file = File { state, at: changed, is_object: false, is_new: true };
                    let change = Change {
                        key: String::new(),
                        operation: Operation::Created,
                        size: 0,
                        at: changed,
                    };
                    let is_new = change.is_since(oldest);
                    File { is_new, is_object: !is_new, ..file }
                }
            };
            files.insert(key, file);
        }
        for (key, file) in std::mem::replace(&mut self.files, files) {
            if file.is_object {
                let (operation, size) = (Operation::Removed, file.state.size);
                changes.push(Change { key, operation, size, at: now });
            }
        }
        self.looked = Some(now);
        Ok(changes)
    }
}

type Found = BTreeMap<String, (State, Timestamp)>;

/// Adds the files in a folder with their keys, which begin with this prefix. Names that are not
/// UTF-8 are no keys.
fn walk(folder: &Path, prefix: &str, found: &mut Found) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        // It was removed meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let key = format!("{prefix}{name}");
        // Of a link this is the type of the link.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{key}/"), found)?;
        } else if kind.is_file() {
            let metadata = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            if found.len() == MAX_FILES {
                return Err(io::Error::other(format!("it has more than {MAX_FILES} files")));
            }
            found.insert(key, (State::of(&metadata), changed(&metadata)));
        }
    }
    Ok(())
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok(), inode: inode(metadata) }
    }
}

/// A file that takes another's name keeps its own number.
#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// When the file was written, or got its name.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Timestamp {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds = i32::try_from(metadata.ctime_nsec()).unwrap_or(0);
    Timestamp::new(metadata.ctime(), nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> Timestamp {
    let times = [metadata.modified(), metadata.created()].into_iter().flatten();
    let times = times.filter_map(|time| Timestamp::try_from(time).ok());
    times.max().unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Looks {
        folder: tempfile::TempDir,
        bucket: Bucket,
        oldest: Timestamp,
    }

    impl Looks {
        fn new(oldest: Timestamp) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            Self { folder, bucket: Bucket::default(), oldest }
        }

        fn write(&self, key: &str, content: &str) {
            let path = self.folder.path().join(key);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            fs::write(path, content).expect("it is written");
        }

        fn remove(&self, key: &str) {
            fs::remove_file(self.folder.path().join(key)).expect("it is removed");
        }

        fn look(&mut self) -> Vec<(String, Operation, u64)> {
            let changes = self.bucket.look(self.folder.path(), self.oldest, Timestamp::now());
            let changes = changes.expect("it can be read").into_iter();
            changes.map(|change| (change.key, change.operation, change.size)).collect()
        }
    }

    fn far() -> Timestamp {
        "2100-01-01T00:00:00Z".parse().expect("a time")
    }

    fn created(key: &str, size: u64) -> (String, Operation, u64) {
        (key.into(), Operation::Created, size)
    }

    fn removed(key: &str, size: u64) -> (String, Operation, u64) {
        (key.into(), Operation::Removed, size)
    }

    #[test]
    fn a_file_is_announced_when_it_is_the_same_for_two_looks() {
        let mut looks = Looks::new(far());
        assert_eq!(looks.look(), []);
        looks.write("in/a b.txt", "1");
        assert_eq!(looks.look(), []);
        looks.write("in/a b.txt", "12");
        assert_eq!(looks.look(), [], "it is still being written");
        assert_eq!(looks.look(), [created("in/a b.txt", 2)]);
        assert_eq!(looks.look(), []);
        looks.write("in/a b.txt", "123");
        assert_eq!(looks.look(), []);
        assert_eq!(looks.look(), [created("in/a b.txt", 3)]);
        looks.remove("in/a b.txt");
        assert_eq!(looks.look(), [removed("in/a b.txt", 3)]);
        assert_eq!(looks.look(), []);
    }

    #[test]
    fn a_file_that_was_never_announced_is_not_removed() {
        let mut looks = Looks::new(far());
        looks.look();
        looks.write("a", "1");
        looks.look();
        looks.remove("a");
        assert_eq!(looks.look(), []);
        // Replaced and removed between two looks: its earlier state was an object.
        looks.write("b", "1");
        looks.look();
        assert_eq!(looks.look(), [created("b", 1)]);
        looks.write("b", "22");
        assert_eq!(looks.look(), []);
        looks.remove("b");
        assert_eq!(looks.look(), [removed("b", 2)]);
    }

    #[test]
    fn what_was_there_before_the_trigger_is_not_announced_but_its_removal_is() {
        let mut looks = Looks::new(far());
        looks.write("old", "1");
        assert_eq!(looks.look(), []);
        assert_eq!(looks.look(), []);
        looks.remove("old");
        assert_eq!(looks.look(), [removed("old", 1)]);
    }

    #[test]
    fn a_file_that_comes_between_the_trigger_and_the_first_look_is_announced() {
        let mut looks = Looks::new(Timestamp::now());
        looks.write("new", "1");
        assert_eq!(looks.look(), []);
        assert_eq!(looks.look(), [created("new", 1)]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_moved_in_is_announced_however_old_it_is() {
        let mut looks = Looks::new(far());
        let other = tempfile::tempdir_in(looks.folder.path().parent().expect("a folder"));
        let other = other.expect("a folder").path().join("a");
        fs::create_dir_all(other.parent().expect("a folder")).expect("it is made");
        looks.write("b", "1");
        looks.look();
        for key in ["a", "b"] {
            let file = fs::File::create(&other).expect("it is made");
            file.set_modified(SystemTime::UNIX_EPOCH).expect("its time is set");
            fs::rename(&other, looks.folder.path().join(key)).expect("it is moved");
        }
        assert_eq!(looks.look(), []);
        assert_eq!(looks.look(), [created("a", 0), created("b", 0)]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;
        let secret = tempfile::tempdir().expect("a folder");
        fs::write(secret.path().join("x"), "1").expect("it is written");
        let mut looks = Looks::new(far());
        looks.look();
        symlink(secret.path(), looks.folder.path().join("folder")).expect("a link");
        symlink(secret.path().join("x"), looks.folder.path().join("file")).expect("a link");
        looks.look();
        assert_eq!(looks.look(), []);
        let link = looks.folder.path().join("folder");
        assert!(Bucket::default().look(&link, far(), Timestamp::now()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_read_removes_nothing() {
        let mut looks = Looks::new(far());
        looks.write("a", "1");
        looks.look();
        let folder = looks.folder.path().to_owned();
        let moved = folder.with_extension("moved");
        fs::rename(&folder, &moved).expect("it is moved");
        fs::write(&folder, "not a folder").expect("it is written");
        assert!(looks.bucket.look(&folder, far(), Timestamp::now()).is_err());
        fs::remove_file(&folder).expect("it is removed");
        fs::rename(&moved, &folder).expect("it is moved back");
        assert_eq!(looks.look(), []);
    }
}
