//! Which files `--include` accepts.

use std::fs;
use std::io::Cursor;

use zip::ZipArchive;

use crate::fg::{NewProject, Ran, run};
use crate::package::{MAIN, package, written};

/// The names of the entries in the package, in its order.
fn names(project: &NewProject, ran: &Ran) -> Vec<String> {
    let zip = ZipArchive::new(Cursor::new(written(&project.directory, ran).1)).expect("a zip file");
    zip.file_names().map(str::to_owned).collect()
}

#[test]
fn a_directory_is_included_without_ignored_files_and_build_output() {
    let project = NewProject::bare("whole", MAIN);
    for directory in [".git", "logs", "cache", "data/built", "notes"] {
        fs::create_dir_all(project.directory.join(directory)).expect("it is made");
    }
    for (file, text) in [
        (".git/HEAD", "ref"),
        (".gitignore", "*.log\n!keep.log\n.env\n/notes/\n"),
        (".env", "SECRET=1"),
        ("logs/a.log", "a"),
        ("logs/keep.log", "kept"),
        ("data/table.csv", "1"),
        ("data/built/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
        ("data/built/object.o", "o"),
        ("notes/a.txt", "a"),
    ] {
        project.write(file, text);
    }
    // As usual, the target directory is in the project.
    let arguments = ["--include", ".", "--output", "whole.zip"];
    let first =
        run(package(&project.directory, &arguments).env_remove("CARGO_TARGET_DIR")).ended_with(0);
    assert!(project.directory.join("target/fg").is_dir());
    let mut expected = vec![
        "cache/",
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "bootstrap",
        "data/table.csv",
        "logs/keep.log",
    ];
    expected.extend(["src/main.rs", "whole"]);
    assert_eq!(names(&project, &first), expected);
    let note = "note: skipped, ignored by .gitignore or build output: ./.env, ./data/built, ./logs/a.log and 2 more\n";
    assert!(first.stderr.contains(note), "{}", first.stderr);
    let bytes = written(&project.directory, &first).1;

    fs::copy(project.directory.join("whole.zip"), project.directory.join("data/earlier.zip"))
        .expect("it is copied");
    let second =
        run(package(&project.directory, &arguments).env_remove("CARGO_TARGET_DIR")).ended_with(0);
    assert!(
        written(&project.directory, &second).1 == bytes,
        "the last package is in it: {:?}",
        names(&project, &second)
    );

    // Ignored files can be included by name; directories that never belong in a package cannot.
    let named = ["--include", "logs/a.log", "--include", "notes"];
    let ran = run(package(&project.directory, &named).env_remove("CARGO_TARGET_DIR")).ended_with(0);
    assert_eq!(names(&project, &ran), ["bootstrap", "logs/a.log", "notes/a.txt", "whole"]);
    for path in
        ["target", "target/fg", ".git", ".git/HEAD", "data/built", "whole.zip", "data/earlier.zip"]
    {
        let ran =
            run(package(&project.directory, &["--include", path]).env_remove("CARGO_TARGET_DIR"))
                .ended_with(2);
        assert!(
            ran.stderr.contains(&format!("error: {path} cannot be included\n")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn only_zip_files_are_overwritten() {
    let project = NewProject::bare("over", MAIN);
    let ran = run(&mut package(&project.directory, &["--output", "src/main.rs"])).ended_with(2);
    assert!(
        ran.stderr.contains("error: src/main.rs exists, and is not a zip file\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(project.read("src/main.rs"), MAIN);
    project.write("out.zip", "");
    for _ in 0..2 {
        let ran = run(&mut package(&project.directory, &["--output", "out.zip"])).ended_with(0);
        assert_eq!(names(&project, &ran), ["bootstrap", "over"]);
    }
}

#[test]
fn output_of_a_build_script_is_included() {
    let project = NewProject::bare("assets", MAIN);
    project.write(
        "build.rs",
        "fn main() { std::fs::create_dir_all(\"made\").unwrap(); std::fs::write(\"made/a.css\", \"a\").unwrap(); }\n",
    );
    let ran = run(&mut package(&project.directory, &["--include", "made"])).ended_with(0);
    assert_eq!(names(&project, &ran), ["assets", "bootstrap", "made/a.css"]);
}

#[test]
fn files_from_elsewhere_in_the_workspace_are_included_under_a_given_path() {
    let project = NewProject::bare("mono", "");
    project.write("Cargo.toml", "[workspace]\nmembers = [\"services/mono\"]\nresolver = \"3\"\n");
    for directory in ["services/mono/src", "shared/mail", "shared/empty"] {
        fs::create_dir_all(project.directory.join(directory)).expect("it is made");
    }
    project.write("services/mono/src/main.rs", MAIN);
    project.write("shared/mail/de.txt", "Hallo");
    project.write("shared/logo.svg", "<svg/>");
    let manifest = "[package]\nname = \"mono\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                    [package.metadata.fg]\ninclude = [\"templates=../../shared/mail\"]\n";
    project.write("services/mono/Cargo.toml", manifest);
    let directory = project.directory.join("services/mono");
    let arguments = [
        "--include",
        "img/=../../shared/logo.svg",
        "--include",
        "var/empty=../../shared/empty",
        "--output",
        "out.zip",
    ];
    let ran = run(&mut package(&directory, &arguments)).ended_with(0);
    let bytes = fs::read(directory.join(ran.stdout.trim_end())).expect("it is written");
    let mut zip = ZipArchive::new(Cursor::new(&bytes)).expect("a zip file");
    let names: Vec<_> = zip.file_names().map(str::to_owned).collect();
    assert_eq!(names, ["var/empty/", "bootstrap", "img/logo.svg", "mono", "templates/de.txt"]);
    assert_eq!(zip.by_name("var/empty/").expect("it is there").unix_mode(), Some(0o40755));

    for (include, reason) in [
        (
            "../../shared/mail",
            "to include it from elsewhere in the workspace, choose its path in the package: mail=../../shared/mail",
        ),
        ("secrets=../../../secrets", "secrets"),
        ("/abs=src", "has to be a relative path"),
        ("../up=src", "is outside of the package"),
        ("mono=src/main.rs", "would be both this and the program"),
        ("templates/de.txt=src/main.rs", "would be both this and"),
        ("gone=../../shared/gone", " does not exist"),
    ] {
        fs::write(project.directory.parent().expect("a parent").join("secrets"), "secret")
            .expect("it is written");
        let ran = run(&mut package(&directory, &["--include", include])).ended_with(2);
        assert!(
            ran.stderr.contains("cannot be included\n") && ran.stderr.contains(reason),
            "{include}: {}",
            ran.stderr
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_cannot_be_included_are_reported_before_the_build() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, mknodat};

    let project = NewProject::bare("odd", MAIN);
    let elsewhere = tempfile::tempdir().expect("a directory");
    fs::create_dir(elsewhere.path().join("deep")).expect("it is made");
    fs::write(elsewhere.path().join("deep/secret"), "secret").expect("it is written");
    let data = project.directory.join("data");
    fs::create_dir_all(data.join("own/below")).expect("it is made");
    fs::write(data.join("own/file"), "").expect("it is written");
    mknodat(CWD, data.join("pipe"), FileType::Fifo, 0o600.into(), 0).expect("it is made");
    let _socket = UnixListener::bind(data.join("socket")).expect("it is made");
    symlink("/dev/null", data.join("device")).expect("it is made");
    symlink(elsewhere.path().join("deep/secret"), data.join("secret")).expect("it is made");
    symlink(elsewhere.path(), data.join("elsewhere")).expect("it is made");
    symlink("gone", data.join("nowhere")).expect("it is made");
    symlink("..", data.join("own/below/circle")).expect("it is made");
    fs::write(data.join(OsStr::from_bytes(b"latin-\xe9")), "").expect("it is written");
    fs::write(data.join("back\\slash"), "").expect("it is written");
    fs::write(data.join("new\nline"), "").expect("it is written");

    let include =
        ["--include", "data", "--include", "data/elsewhere/deep/secret", "--output", "out.zip"];
    let ran = run(&mut package(&project.directory, &include)).ended_with(2);
    let secret = elsewhere.path().join("deep/secret");
    for reason in [
        "error: 11 files cannot be included\n".to_owned(),
        "data/pipe: it is a pipe\n".to_owned(),
        "data/socket: it is a socket\n".to_owned(),
        "data/device: it is a link to /dev/null, outside of the workspace\n".to_owned(),
        format!("data/secret: it is a link to {}, outside of the workspace\n", secret.display()),
        format!(
            "data/elsewhere: it is a link to {}, outside of the workspace\n",
            elsewhere.path().display()
        ),
        format!(
            "data/elsewhere/deep/secret: it is {}, outside of the workspace\n",
            secret.display()
        ),
        "data/nowhere: it is a broken link\n".to_owned(),
        "data/own/below/circle: it is a cycle back to ".to_owned(),
        "data/latin-\u{fffd}: its name is not UTF-8".to_owned(),
        "data/back\\slash: its name contains a backslash".to_owned(),
        "its name contains a control character".to_owned(),
    ] {
        assert!(ran.stderr.contains(&reason), "{reason}: {}", ran.stderr);
    }
    assert!(
        !ran.stderr.contains("Compiling") && !project.directory.join("out.zip").exists(),
        "{}",
        ran.stderr
    );

    // Links within the workspace are followed.
    fs::create_dir(project.directory.join("links")).expect("it is made");
    symlink("../Cargo.toml", project.directory.join("links/manifest")).expect("it is made");
    symlink("../src", project.directory.join("links/sources")).expect("it is made");
    let ran = run(&mut package(&project.directory, &["--include", "links"])).ended_with(0);
    assert_eq!(
        names(&project, &ran),
        ["bootstrap", "links/manifest", "links/sources/main.rs", "odd"]
    );

    // Ignored files cause no errors.
    project.write(".gitignore", "/data/*\n!/data/own/\ncircle\n");
    let ran = run(&mut package(&project.directory, &["--include", "data"])).ended_with(0);
    assert_eq!(names(&project, &ran), ["data/own/below/", "bootstrap", "data/own/file", "odd"]);

    // A sparse file of 2 GB, which is not read.
    let file = fs::File::create(project.directory.join("huge")).expect("it is made");
    file.set_len(2 << 30).expect("it is longer");
    let ran = run(&mut package(&project.directory, &["--include", "huge"])).ended_with(1);
    assert!(
        ran.stderr.contains(
            "error: the included files have 2048.0 MB, but the platform accepts at most 1500.0 MB\n"
        ),
        "{}",
        ran.stderr
    );
}
