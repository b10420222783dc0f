//! The build context of a container image of the function, for any tool that builds images.
//!
//! `code/` is overwritten each time. `Dockerfile` and the certificates are overwritten unless they
//! have been edited, which their digests in `.cargo-fg` tell. Other files in the directory are not
//! touched.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::package::contents::{BOOTSTRAP, Contents};

/// The file that marks such a directory: a heading, then one line with a digest and a path for each
/// file.
const RECORD: &str = ".cargo-fg";
const RECORD_HEADING: &str =
    "The context of a container image, written by `cargo fg package --image`";

const DOCKERFILE: &str = "Dockerfile";

/// The directory of the code on the platform.
const CODE_ROOT: &str = "/opt/function/code";

/// The directory with the files of the image except for the code.
const ROOT: &str = "rootfs";

/// The path where OpenSSL, rustls-native-certs, Go, curl and others look for certificates.
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";

/// Whether this command wrote the directory.
pub(super) fn is_context(directory: &Path) -> bool {
    let record = directory.join(RECORD);
    let is_file = record.symlink_metadata().is_ok_and(|about| about.is_file());
    is_file && fs::read_to_string(record).is_ok_and(|text| text.starts_with(RECORD_HEADING))
}

/// Whether there is a Dockerfile for a function, as in a repository where only the Dockerfile is
/// committed.
fn has_dockerfile_of_a_function(directory: &Path) -> bool {
    read(&directory.join(DOCKERFILE)).contains(CODE_ROOT)
}

/// The content of a regular file, or else an empty string; reading a pipe could block.
fn read(path: &Path) -> String {
    let is_file = fs::metadata(path).is_ok_and(|about| about.is_file());
    if is_file { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

/// Writes the context, and returns notes about files that were kept.
pub(super) fn write(
    contents: &Contents,
    certificates: &[u8],
    directory: &Path,
) -> Result<Vec<String>, Failure> {
    let is_new = fs::read_dir(directory).map_or_else(
        |error| error.kind() == io::ErrorKind::NotFound,
        |mut entries| entries.next().is_none(),
    );
    let was_written = is_context(directory) || has_dockerfile_of_a_function(directory);
    if !is_new && !was_written {
        return Err(Failure::usage(format!(
            "{} exists, and is not the context of this image",
            directory.display()
        ))
        .advise("choose another --output"));
    }
    Context { directory, record: read_record(directory), kept: Vec::new() }
        .write(contents, certificates)
        .map_err(|error| {
            Failure::machine(format!("{} could not be written", directory.display()), &error)
        })
}

struct Context<'a> {
    directory: &'a Path,
    /// The digests of the written files by their paths.
    record: BTreeMap<String, String>,
    kept: Vec<String>,
}

impl Context<'_> {
    fn write(mut self, contents: &Contents, certificates: &[u8]) -> io::Result<Vec<String>> {
        make_directory(self.directory)?;
        let root = self.directory.join(ROOT);
        make_directory(&root)?;
        make_directory(&root.join("tmp"))?;
        set_mode(&root.join("tmp"), 0o1777)?;
        self.write_unless_edited(&format!("{ROOT}/{CERTIFICATES}"), certificates)?;
        let dockerfile = dockerfile(&contents.program);
        if self.write_unless_edited(DOCKERFILE, dockerfile.as_bytes())? {
            let now = read(&self.directory.join(DOCKERFILE));
            if !now.contains(ROOT) {
                self.kept.push(format!("without a line such as `COPY {ROOT}/ /`, the image has no /tmp and no certificates"));
            }
            if !now.contains(&contents.program) {
                self.kept.push(format!("the Dockerfile does not start `{}`", contents.program));
            }
        }
        self.write_code(contents)?;
        let mut record = format!("{RECORD_HEADING}\n");
        for (path, digest) in &self.record {
            // Writing to memory cannot fail.
            let _ = writeln!(record, "{digest}  {path}");
        }
        write_file(&self.directory.join(RECORD), record.as_bytes(), 0o644)?;
        Ok(self.kept)
    }

    /// Returns whether the file was kept because it has been edited.
    fn write_unless_edited(&mut self, path: &str, bytes: &[u8]) -> io::Result<bool> {
        let full = self.directory.join(path);
        let is_edited = match fs::symlink_metadata(&full) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
            Ok(about) if about.is_file() => {
                let found = fs::read(&full)?;
                found != bytes && self.record.get(path) != Some(&digest(&found))
            }
            Ok(_) => true,
        };
        if is_edited {
            self.kept.push(format!(
                "{} has been edited and is kept; remove it to have it written again",
                full.display()
            ));
            return Ok(true);
        }
        let mut directory = self.directory.to_owned();
        for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
            directory.push(part);
            make_directory(&directory)?;
        }
        write_file(&full, bytes, 0o644)?;
        self.record.insert(path.to_owned(), digest(bytes));
        Ok(false)
    }

    fn write_code(&self, contents: &Contents) -> io::Result<()> {
        let code = self.directory.join("code");
        match fs::remove_dir_all(&code) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => make_directory(&code)?,
        }
        // An image starts the program without the wrapper.
        let files = contents.files.iter().filter(|file| file.path != BOOTSTRAP);
        let parents =
            files.clone().filter_map(|file| file.path.rsplit_once('/').map(|(parent, _)| parent));
        for path in parents.chain(contents.directories.iter().map(String::as_str)) {
            let mut directory = code.clone();
            for part in path.split('/') {
                directory.push(part);
                make_directory(&directory)?;
            }
        }
        for file in files {
            write_file(
                &code.join(&file.path),
                &file.bytes,
                if file.is_executable { 0o755 } else { 0o644 },
            )?;
        }
        Ok(())
    }
}

/// Parses the record; empty if there is none.
fn read_record(directory: &Path) -> BTreeMap<String, String> {
    let text = if is_context(directory) {
        fs::read_to_string(directory.join(RECORD)).unwrap_or_default()
    } else {
        String::new()
    };
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(digest, path)| (path.to_owned(), digest.to_owned())).collect()
}

fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The platform runs an image as 1003:1003, never as root, invokes it on port 8000, and has only
/// one architecture (from the manual, "creating a function with an image").
fn dockerfile(program: &str) -> String {
    format!(
        "FROM --platform=linux/amd64 scratch\n\
         # A directory for temporary files, and root certificates.\n\
         COPY {ROOT}/ /\n\
         COPY --chown=1003:1003 code/ {CODE_ROOT}/\n\
         WORKDIR {CODE_ROOT}\n\
         ENV RUNTIME_CODE_ROOT={CODE_ROOT}\n\
         ENV SSL_CERT_FILE=/{CERTIFICATES}\n\
         USER 1003:1003\n\
         EXPOSE 8000\n\
         ENTRYPOINT [\"{CODE_ROOT}/{program}\"]\n"
    )
}

/// Creates a directory with a mode that does not depend on the umask, since the image runs as
/// another user.
fn make_directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(path)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            return Ok(());
        }
        done => done?,
    }
    set_mode(path, 0o755)
}

fn write_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    fs::write(path, bytes)?;
    set_mode(path, mode)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::contents::PackagedFile;

    fn contents() -> Contents {
        let file = |path: &str, is_executable| PackagedFile {
            path: path.into(),
            is_executable,
            bytes: path.into(),
        };
        Contents {
            files: vec![
                file(BOOTSTRAP, true),
                file("greet", true),
                file("templates/de/mail.txt", false),
            ],
            directories: vec!["cache".into()],
            program: "greet".into(),
        }
    }

    #[test]
    fn edited_files_are_kept_and_others_are_overwritten() {
        let directory = tempfile::tempdir().expect("a directory");
        let image = directory.path().join("image");
        let read = |path: &str| fs::read_to_string(image.join(path)).expect("it is there");
        assert_eq!(
            write(&contents(), b"old roots", &image).expect("it is written"),
            Vec::<String>::new()
        );
        assert!(is_context(&image) && !is_context(directory.path()));
        assert_eq!(
            write(&contents(), b"new roots", &image).expect("it is written"),
            Vec::<String>::new()
        );
        assert_eq!(read("rootfs/etc/ssl/certs/ca-certificates.crt"), "new roots");
        assert!(image.join("code/cache").is_dir());

        fs::write(image.join(DOCKERFILE), "FROM alpine\n").expect("it is written");
        fs::write(image.join("notes.txt"), "mine").expect("it is written");
        fs::write(image.join("code/old"), "").expect("it is written");
        for _ in 0..2 {
            let kept = write(&contents(), b"new roots", &image).expect("it is written");
            assert!(kept.len() == 3 && kept[0].contains("Dockerfile has been edited"), "{kept:?}");
            assert!(kept[1].contains("/tmp") && kept[2].contains("`greet`"), "{kept:?}");
            assert_eq!(
                (read(DOCKERFILE).as_str(), read("notes.txt").as_str()),
                ("FROM alpine\n", "mine")
            );
        }
        assert!(!image.join("code/old").exists());

        fs::remove_file(image.join(DOCKERFILE)).expect("it is removed");
        assert_eq!(
            write(&contents(), b"new roots", &image).expect("it is written"),
            Vec::<String>::new()
        );
        assert!(read(DOCKERFILE).contains("COPY rootfs/ /\n"));
    }

    #[test]
    fn a_dockerfile_alone_is_completed_and_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let edited = dockerfile("greet") + "ENV MINE=1\n";
        fs::write(directory.path().join(DOCKERFILE), &edited).expect("it is written");
        let kept = write(&contents(), b"roots", directory.path()).expect("it is written");
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(
            fs::read_to_string(directory.path().join(DOCKERFILE)).expect("it is there"),
            edited
        );
        assert!(
            directory.path().join("code/greet").exists()
                && directory.path().join("rootfs/tmp").exists()
        );
    }

    #[test]
    fn a_directory_with_other_files_is_not_touched() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("a.txt"), "").expect("it is written");
        let failure = write(&contents(), b"", directory.path())
            .expect_err("it is something else")
            .to_string();
        assert!(failure.contains("is not the context of this image"), "{failure}");
        assert_eq!(fs::read_dir(directory.path()).expect("it is there").count(), 1);
    }
}
