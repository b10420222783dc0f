//! What would leave for another service of the platform: recorded in files instead, one for each
//! service.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fg_emulator::Notification;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// The largest file, in bytes. When it is reached, the file is kept as `.old`, and a new one
/// begins.
const LIMIT: u64 = 10 << 20;

/// The folder of the files.
#[derive(Debug)]
pub(crate) struct Outbox {
    folder: PathBuf,
    writing: Mutex<()>,
}

impl Outbox {
    pub(crate) fn new(data_folder: &Path) -> Self {
        Self { folder: data_folder.join("outbox"), writing: Mutex::new(()) }
    }

    /// Appends a line to the file of a service, such as `SMN`, and returns its path.
    pub(super) fn record(
        &self,
        service: &str,
        param: &str,
        notification: &Notification,
    ) -> io::Result<PathBuf> {
        let name: String = service.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let path = self.folder.join(format!("{}.jsonl", name.to_ascii_lowercase()));
        let line = json!({
            "destination": service,
            "param": string_or_json(param),
            "payload": string_or_json(&notification.to_json()),
        });
        let _writing = self.writing.lock();
        fs::create_dir_all(&self.folder)?;
        if fs::metadata(&path).is_ok_and(|file| file.len() > LIMIT) {
            fs::rename(&path, path.with_extension("jsonl.old"))?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        Ok(path)
    }
}

fn string_or_json(string: &str) -> Value {
    serde_json::from_str(string).unwrap_or_else(|_| string.into())
}
