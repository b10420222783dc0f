//! Writes the zip file, reproducibly: the bytes depend only on the files, not on the time, the
//! umask or the processor.

use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::failure::Failure;
use crate::package::contents::Contents;

/// The best compression: packages are written rarely, and read at every cold start.
const LEVEL: i64 = 9;

/// The comment of the zip file, by which an earlier package is recognised when its directory is
/// packaged.
pub(super) const COMMENT: &str = "a package of cargo fg";

/// Writes directories, then files in the order of `contents`, with the earliest time of the zip
/// format, in 1980.
pub(super) fn write(contents: &Contents) -> Result<Vec<u8>, Failure> {
    try_write(contents)
        .map_err(|error| Failure::machine("the zip file could not be created", &error))
}

fn try_write(contents: &Contents) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.set_comment(COMMENT);
    for path in &contents.directories {
        zip.add_directory(path, options.unix_permissions(0o755))?;
    }
    for file in &contents.files {
        let mode = if file.is_executable { 0o755 } else { 0o644 };
        zip.start_file(
            &file.path,
            options.unix_permissions(mode).large_file(file.bytes.len() > u32::MAX as usize),
        )?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::contents::PackagedFile;

    #[test]
    fn there_can_be_more_files_than_the_original_zip_format_supports() {
        let file =
            PackagedFile { path: "greet".into(), is_executable: true, bytes: b"program".into() };
        let directories = (0..70_000).map(|number| format!("d{number:05}")).collect();
        let written = write(&Contents { files: vec![file], directories, program: "greet".into() })
            .expect("memory");
        assert!(written.ends_with(COMMENT.as_bytes()));
        let mut zip = zip::ZipArchive::new(Cursor::new(written)).expect("a zip file");
        assert_eq!(zip.len(), 70_001);
        let last = zip.by_index(69_999).expect("it is there");
        assert_eq!(
            (last.name(), last.unix_mode(), last.is_dir()),
            ("d69999/", Some(0o40755), true)
        );
    }
}
