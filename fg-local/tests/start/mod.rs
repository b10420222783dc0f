//! Starts the server that the tests of the API drive: the one place that knows how.

use std::io::{Cursor, Write};

use fg_local::Local;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The key pair that the server knows.
pub(crate) const ACCESS_KEY: &str = "localkey";
/// Its secret.
pub(crate) const SECRET_KEY: &str = "localsecret";
/// The region that the server takes itself for.
pub(crate) const REGION: &str = "cn-north-4";

/// A server on a free port of loopback, with an empty folder of its own. It ends when it is
/// dropped.
pub(crate) fn start() -> Local {
    let builder = Local::builder().key_pair(ACCESS_KEY, SECRET_KEY);
    builder.start_blocking().expect("the server starts")
}

/// The package of a function that never asks for an event.
pub(crate) fn sleeper(comment: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file("bootstrap", options).expect("a file");
    write!(archive, "#!/bin/sh\n# {comment}\nexec sleep 600\n").expect("it is written");
    archive.finish().expect("an archive").into_inner()
}
