//! Checks that a package will run on the platform, before anything is written.

use std::error::Error;
use std::fmt;

use crate::package::Size;
use crate::package::contents::{BOOTSTRAP, Contents, PackagedFile};
use crate::package::elf::{self, Requirements};

const MB: usize = 1 << 20;

/// The maximum sizes of a zip file that is uploaded on the console, through the API and through
/// OBS, and of an unpacked package (from the manual, "notes and constraints").
const CONSOLE_LIMIT: usize = 40 * MB;
const API_LIMIT: usize = 50 * MB;
const OBS_LIMIT: usize = 300 * MB;
pub(super) const UNPACKED_LIMIT: usize = 1500 * MB;

/// The glibc of EulerOS 2.0, the oldest system in the platform's documents. No version is
/// guaranteed.
const OLDEST_GLIBC: (u32, u32) = (2, 17);

/// The result of the checks.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The reasons why the package would not run.
    pub(super) problems: Vec<Problem>,
    /// Other information for the user.
    pub(super) notes: Vec<String>,
}

/// A reason why a package would not run on the platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    what: String,
    pub(super) advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Problem {}

fn problem(what: impl Into<String>, advice: impl Into<String>) -> Problem {
    Problem { what: what.into(), advice: advice.into() }
}

/// Checks all files, and the size of the zip file in bytes.
pub(super) fn check(contents: &Contents, zipped: usize) -> Checked {
    let mut problems = Vec::new();
    for file in &contents.files {
        let is_program = file.path == contents.program;
        match elf::requirements(&file.bytes) {
            Some(Ok(required)) => {
                problems.extend(check_requirements(&file.path, &required, is_program));
            }
            Some(Err(reason)) => problems
                .push(problem(format!("`{}` is an invalid ELF file: {reason}", file.path), "")),
            None if is_program => problems.push(problem(
                format!("`{}` is not a program for Linux: it is not an ELF file", file.path),
                "build it for the platform, without --target",
            )),
            None => {}
        }
        if file.path == BOOTSTRAP {
            problems.extend(check_bootstrap(file));
        }
    }
    let unpacked = contents.files.iter().map(|file| file.bytes.len()).sum();
    let (too_large, notes) = check_sizes(zipped, unpacked);
    problems.extend(too_large);
    Checked { problems, notes }
}

fn check_requirements(path: &str, required: &Requirements, is_program: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !required.is_x86_64 {
        problems.push(problem(
            format!("`{path}` is for {}, but the platform is x86-64", required.machine),
            if is_program { "build it without --target" } else { "" },
        ));
    }
    let glibc = required.glibc.map(|(major, minor)| format!("glibc {major}.{minor}"));
    if is_program && !required.is_static() {
        let of_glibc = glibc.map(|glibc| format!(", and {glibc} or newer")).unwrap_or_default();
        problems.push(problem(
            format!(
                "`{path}` is linked dynamically: it needs {}{of_glibc}, which the platform does not guarantee",
                required.libraries.join(", ")
            ),
            "build a static program: without --target, and without `-C target-feature=-crt-static`",
        ));
    } else if let Some(glibc) = glibc.filter(|_| required.glibc > Some(OLDEST_GLIBC)) {
        let (major, minor) = OLDEST_GLIBC;
        problems.push(problem(
            format!("`{path}` needs {glibc}, but the oldest system that the platform may run on has {major}.{minor}"),
            "build it on an older system, or statically",
        ));
    }
    problems
}

fn check_bootstrap(file: &PackagedFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !file.is_executable {
        problems.push(problem("`bootstrap` is not executable", "chmod +x bootstrap"));
    }
    let is_elf = file.bytes.starts_with(b"\x7fELF");
    if is_elf {
        return problems;
    }
    if !file.bytes.starts_with(b"#!") {
        problems.push(problem(
            "`bootstrap` does not begin with `#!`, so that Linux cannot find its interpreter",
            "begin it with the line: #!/bin/sh",
        ));
    }
    if file.bytes.windows(2).any(|pair| pair == b"\r\n") {
        problems.push(problem(
            "`bootstrap` has Windows line endings (CR LF), so that Linux cannot find its interpreter",
            "save it with LF, and add to .gitattributes: bootstrap text eol=lf",
        ));
    }
    problems
}

fn check_sizes(zipped: usize, unpacked: usize) -> (Vec<Problem>, Vec<String>) {
    let mut problems = Vec::new();
    if zipped > OBS_LIMIT {
        let what = format!(
            "the zip file has {}, but the platform accepts at most {}",
            Size(zipped),
            Size(OBS_LIMIT)
        );
        problems.push(problem(what, "remove files, or use an image or a bucket for them"));
    }
    if unpacked > UNPACKED_LIMIT {
        let what = format!(
            "the unpacked package has {}, but the platform accepts at most {}",
            Size(unpacked),
            Size(UNPACKED_LIMIT)
        );
        problems.push(problem(what, "remove files, or use an image or a bucket for them"));
    }
    let note = if zipped > API_LIMIT {
        format!("a zip file of more than {} has to be uploaded through OBS", Size(API_LIMIT))
    } else if zipped > CONSOLE_LIMIT {
        format!(
            "the console accepts at most {}; upload the zip file through the API or OBS",
            Size(CONSOLE_LIMIT)
        )
    } else {
        return (problems, Vec::new());
    };
    (problems, vec![note])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap(text: &str, is_executable: bool) -> Vec<String> {
        let file = PackagedFile { path: BOOTSTRAP.into(), is_executable, bytes: text.into() };
        check_bootstrap(&file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_wrapper_has_to_be_a_script_that_linux_can_execute() {
        assert!(bootstrap("#!/bin/sh\nexec ./greet\n", true).is_empty());
        assert!(bootstrap("\x7fELF and so on\r\n", true).is_empty());
        let problems = bootstrap("exec ./greet\r\n", false);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[0].contains("not executable")
                && problems[1].contains("`#!`")
                && problems[2].contains("CR LF")
        );
    }

    fn problems_of(text: &str, is_program: bool) -> Vec<String> {
        let mut required =
            Requirements { machine: "x86-64".into(), is_x86_64: true, ..Requirements::default() };
        match text {
            "static" => {}
            "arm" => (required.is_x86_64, required.machine) = (false, "64-bit ARM".into()),
            version => {
                required.libraries = vec!["libc.so.6".into()];
                required.glibc = version.split_once('.').map(|(one, two)| {
                    (one.parse().expect("a number"), two.parse().expect("a number"))
                });
            }
        }
        check_requirements("greet", &required, is_program).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_program_has_to_be_static_and_for_the_platforms_processor() {
        assert!(problems_of("static", true).is_empty());
        assert_eq!(
            problems_of("arm", true),
            ["`greet` is for 64-bit ARM, but the platform is x86-64"]
        );
        let expected = "`greet` is linked dynamically: it needs libc.so.6, and glibc 2.5 or newer, which the platform does not guarantee";
        assert_eq!(problems_of("2.5", true), [expected]);
    }

    #[test]
    fn another_file_may_need_the_oldest_glibc_and_no_newer_one() {
        assert!(problems_of("2.17", false).is_empty());
        let expected =
            "`greet` needs glibc 2.34, but the oldest system that the platform may run on has 2.17";
        assert_eq!(problems_of("2.34", false), [expected]);
    }

    #[test]
    fn sizes_above_the_limits_are_rejected() {
        let check = |zipped, unpacked| {
            let (problems, notes) = check_sizes(zipped * MB, unpacked * MB);
            (problems.iter().map(ToString::to_string).collect::<Vec<_>>(), notes)
        };
        assert_eq!(check(40, 100), (vec![], vec![]));
        let note =
            "the console accepts at most 40.0 MB; upload the zip file through the API or OBS"
                .to_owned();
        assert_eq!(check(41, 100), (vec![], vec![note]));
        let (problems, notes) = check(301, 1501);
        assert_eq!(
            problems[0],
            "the zip file has 301.0 MB, but the platform accepts at most 300.0 MB"
        );
        assert_eq!(
            problems[1],
            "the unpacked package has 1501.0 MB, but the platform accepts at most 1500.0 MB"
        );
        assert_eq!(notes, ["a zip file of more than 50.0 MB has to be uploaded through OBS"]);
    }
}
