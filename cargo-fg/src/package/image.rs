//! The directory from which a container image of the function is built, with whatever tool.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::package::contents::{BOOTSTRAP, Contents, PackagedFile};

/// Writes `Dockerfile` and `code/`. A directory that is there already is replaced, if it is one of ours.
pub(super) fn write(contents: &Contents, directory: &Path) -> Result<(), Failure> {
    let cannot_write = |error: std::io::Error| Failure::machine(format!("{} could not be written", directory.display()), &error);
    if directory.exists() {
        let is_empty = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none());
        if !is_empty && !directory.join("code").join(&contents.program).exists() {
            return Err(Failure::usage(format!("{} is there already, and is not the context of this image", directory.display()))
                .advise("choose another --output"));
        }
        fs::remove_dir_all(directory).map_err(cannot_write)?;
    }
    fs::create_dir_all(directory.join("code")).map_err(cannot_write)?;
    fs::write(directory.join("Dockerfile"), dockerfile(&contents.program)).map_err(cannot_write)?;
    // The image starts the program itself.
    for file in contents.files.iter().filter(|file| file.path != BOOTSTRAP) {
        write_file(file, &directory.join("code")).map_err(cannot_write)?;
    }
    Ok(())
}

/// The platform runs an image as 1003:1003, never as root, and calls it on port 8000 (its manual, "creating a function with an image").
fn dockerfile(program: &str) -> String {
    format!(
        "FROM scratch\n\
         COPY --chown=1003:1003 code/ /opt/function/code/\n\
         WORKDIR /opt/function/code\n\
         ENV RUNTIME_CODE_ROOT=/opt/function/code\n\
         USER 1003:1003\n\
         EXPOSE 8000\n\
         ENTRYPOINT [\"/opt/function/code/{program}\"]\n"
    )
}

fn write_file(file: &PackagedFile, code: &Path) -> std::io::Result<()> {
    let path = code.join(&file.path);
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(&path, &file.bytes)?;
    set_mode(&path, if file.is_executable { 0o755 } else { 0o644 })
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}
