//! A folder for a server that forgets everything when it ends.

use std::path::PathBuf;

/// A folder that is removed with everything in it.
#[derive(Debug)]
pub(super) struct TemporaryFolder(pub(super) PathBuf);

impl TemporaryFolder {
    pub(super) fn create() -> std::io::Result<Self> {
        let name = format!("fg-local-{}", fg_emulator::random_request_id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What is left does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
