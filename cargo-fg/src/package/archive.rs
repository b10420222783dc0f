//! The zip file: the same bytes for the same files, whatever the time, the umask and the processor.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::package::contents::Contents;

/// What level 9 of deflate is worth: packages are made rarely, and read at every cold start.
const LEVEL: i64 = 9;

/// Files in the order of `contents`, with the time that a zip file can express first, 1980.
pub(super) fn write(contents: &Contents) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in &contents.files {
        let mode = if file.is_executable { 0o755 } else { 0o644 };
        // Memory can be written to, and the sizes are below those of zip64's own files.
        let written = zip.start_file(&file.path, options.unix_permissions(mode).large_file(file.bytes.len() > u32::MAX as usize));
        if written.is_ok() {
            let _ = zip.write_all(&file.bytes);
        }
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}
