//! Writes the file, but not over one that was written by hand.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::export::terraform::MARK;
use crate::failure::Failure;

/// Writes a file of this command, over nothing else unless forced.
pub(super) fn write(path: &Path, text: &str, is_forced: bool) -> Result<(), Failure> {
    let failed = |what: &str, error: &std::io::Error| {
        Failure::machine(format!("{} could not be {what}", path.display()), error)
    };
    match fs::read(path) {
        Ok(found) if !is_forced && !found.is_empty() && !found.starts_with(MARK.as_bytes()) => {
            return Err(Failure::usage(format!(
                "{} exists, and was not written by this command",
                path.display()
            ))
            .advise("choose another --output, or overwrite it with --force"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read", &error)),
    }
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|error| failed("written", &error))?;
    }
    fs::write(path, text).map_err(|error| failed("written", &error))
}

/// The path of a file as seen from a directory, with `/`; absolute if they have nothing in common.
pub(super) fn relative(file: &Path, directory: &Path) -> String {
    let parts = |path: &Path| -> Vec<PathBuf> {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| PathBuf::from(part.as_os_str()))
            .collect()
    };
    let (file_parts, directory_parts) = (parts(file), parts(directory));
    let common =
        file_parts.iter().zip(&directory_parts).take_while(|(one, other)| one == other).count();
    let path: PathBuf = if common == 0 {
        file.to_owned()
    } else {
        let up = directory_parts[common..].iter().map(|_| PathBuf::from(".."));
        up.chain(file_parts[common..].iter().cloned()).collect()
    };
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_others_is_only_overwritten_by_force() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("infra/main.tf");
        let ours = format!("{MARK} for a test\n");
        write(&path, &ours, false).expect("it is written");
        write(&path, &ours, false).expect("it is written");
        fs::write(&path, "# mine\n").expect("it is written");
        let failure = write(&path, &ours, false).expect_err("it is kept").to_string();
        assert!(failure.contains("was not written by this command"), "{failure}");
        assert!(failure.contains("--force"), "{failure}");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "# mine\n");
        write(&path, &ours, true).expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), ours);
    }

    #[test]
    fn the_package_is_named_as_seen_from_the_module() {
        let file = Path::new("/work/greet/target/fg/greet.zip");
        assert_eq!(relative(file, Path::new("/work/greet")), "target/fg/greet.zip");
        assert_eq!(relative(file, Path::new("/work/greet/infra")), "../target/fg/greet.zip");
        assert_eq!(relative(file, Path::new("/home")), "../work/greet/target/fg/greet.zip");
        assert_eq!(relative(Path::new("other.zip"), Path::new("/home")), "other.zip");
    }
}
