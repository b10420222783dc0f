//! Code that is one file, as `inline` and `jar` code is: it is stored as a package of that file.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::PackageError;
use super::entry_name::{parts, quoted};

/// A package with this file alone. The same file always becomes the same package.
pub(crate) fn pack_file(name: &str, content: &[u8]) -> Result<Vec<u8>, PackageError> {
    let refused = |reason: &str| {
        PackageError::Refused(format!("the file name of the code, {}, {reason}", quoted(name)))
    };
    match parts(name).map_err(refused)?[..] {
        [part] if part == name => {}
        _ => return Err(refused("is not the name of one file")),
    }
    let failed = |error: &dyn std::fmt::Display| refused(&format!("cannot be stored: {error}"));
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    // Files of code are small, or are zip files themselves.
    let options = SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o644);
    package.start_file(name, options).map_err(|error| failed(&error))?;
    package.write_all(content).map_err(|error| failed(&error))?;
    let package = package.finish().map_err(|error| failed(&error))?;
    Ok(package.into_inner())
}
