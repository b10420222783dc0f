//! What would fail on the platform, found before anything is written.

use std::error::Error;
use std::fmt;

use crate::package::Size;
use crate::package::contents::{BOOTSTRAP, Contents, PackagedFile};
use crate::package::elf::{self, Needs};

const MB: usize = 1 << 20;

/// What the console takes, the API, and the API by way of OBS; and what a package may unpack to
/// (its manual, "notes and constraints").
const CONSOLE_LIMIT: usize = 40 * MB;
const API_LIMIT: usize = 50 * MB;
const OBS_LIMIT: usize = 300 * MB;
pub(super) const UNPACKED_LIMIT: usize = 1500 * MB;

/// The glibc of the oldest system that the platform's documents name, EulerOS 2.0; none is
/// promised.
const OLDEST_GLIBC: (u32, u32) = (2, 17);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Why it would fail.
    pub(super) problems: Vec<Problem>,
    /// What to know besides.
    pub(super) notes: Vec<String>,
}

/// A reason why a package would fail on the platform.
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

/// Looks at all files, and at the size of the zip file in bytes.
pub(super) fn check(contents: &Contents, zipped: usize) -> Checked {
    let mut problems = Vec::new();
    for file in &contents.files {
        let is_program = file.path == contents.program;
        match elf::needs(&file.bytes) {
            Some(Ok(needs)) => problems.extend(check_needs(&file.path, &needs, is_program)),
            Some(Err(reason)) => problems
                .push(problem(format!("`{}` is a broken ELF file: {reason}", file.path), "")),
            None if is_program => problems.push(problem(
                format!("`{}` is not a program for Linux: it is no ELF file", file.path),
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

fn check_needs(path: &str, needs: &Needs, is_program: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !needs.is_x86_64 {
        problems.push(problem(
            format!("`{path}` is for {}, and the platform runs x86-64", needs.machine),
            if is_program { "build it without --target" } else { "" },
        ));
    }
    let glibc = needs.glibc.map(|(major, minor)| format!("glibc {major}.{minor}"));
    if is_program && !needs.is_static() {
        let of_glibc = glibc.map(|glibc| format!(", and {glibc} or newer")).unwrap_or_default();
        problems.push(problem(
            format!(
                "`{path}` is linked dynamically: it needs {}{of_glibc}, and the platform does not promise any of it",
                needs.libraries.join(", ")
            ),
            "a static program has no such needs: build it without --target, and without `-C target-feature=-crt-static`",
        ));
    } else if let Some(glibc) = glibc.filter(|_| needs.glibc > Some(OLDEST_GLIBC)) {
        let (major, minor) = OLDEST_GLIBC;
        problems.push(problem(
            format!("`{path}` needs {glibc}, and the oldest system that the platform may run on has {major}.{minor}"),
            "build it on an older system, or statically",
        ));
    }
    problems
}

fn check_bootstrap(file: &PackagedFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !file.is_executable {
        problems.push(problem(
            "`bootstrap` is not executable, and so cannot be started",
            "chmod +x bootstrap",
        ));
    }
    let is_elf = file.bytes.starts_with(b"\x7fELF");
    if is_elf {
        return problems;
    }
    if !file.bytes.starts_with(b"#!") {
        problems.push(problem(
            "`bootstrap` does not begin with `#!`, so that Linux does not know what to start it with",
            "let its first line be: #!/bin/sh",
        ));
    }
    if file.bytes.windows(2).any(|pair| pair == b"\r\n") {
        problems.push(problem(
            "`bootstrap` has the line ends of Windows (CR LF), with which no interpreter is found",
            "write it with LF, and add to .gitattributes: bootstrap text eol=lf",
        ));
    }
    problems
}

fn check_sizes(zipped: usize, unpacked: usize) -> (Vec<Problem>, Vec<String>) {
    let mut problems = Vec::new();
    if zipped > OBS_LIMIT {
        let what = format!(
            "the zip file has {}, and the platform takes {} at most",
            Size(zipped),
            Size(OBS_LIMIT)
        );
        problems.push(problem(what, "leave files out, or put them into an image or a bucket"));
    }
    if unpacked > UNPACKED_LIMIT {
        let what = format!(
            "unpacked it has {}, and the platform takes {} at most",
            Size(unpacked),
            Size(UNPACKED_LIMIT)
        );
        problems.push(problem(what, "leave files out, or put them into an image or a bucket"));
    }
    let note = if zipped > API_LIMIT {
        format!("above {} the zip file has to be uploaded by way of OBS", Size(API_LIMIT))
    } else if zipped > CONSOLE_LIMIT {
        format!(
            "the console takes {} at most; upload the zip file through the API or OBS",
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
    fn a_wrapper_has_to_be_a_script_that_linux_can_start() {
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

    fn needs(text: &str, is_program: bool) -> Vec<String> {
        let mut needs = Needs { machine: "x86-64".into(), is_x86_64: true, ..Needs::default() };
        match text {
            "static" => {}
            "arm" => (needs.is_x86_64, needs.machine) = (false, "ARM of 64 bits".into()),
            version => {
                needs.libraries = vec!["libc.so.6".into()];
                needs.glibc = version.split_once('.').map(|(one, two)| {
                    (one.parse().expect("a number"), two.parse().expect("a number"))
                });
            }
        }
        check_needs("greet", &needs, is_program).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_program_has_to_be_static_and_for_the_platforms_processor() {
        assert!(needs("static", true).is_empty());
        assert_eq!(
            needs("arm", true),
            ["`greet` is for ARM of 64 bits, and the platform runs x86-64"]
        );
        let expected = "`greet` is linked dynamically: it needs libc.so.6, and glibc 2.5 or newer, and the platform does not promise any of it";
        assert_eq!(needs("2.5", true), [expected]);
    }

    #[test]
    fn another_file_may_need_the_oldest_glibc_and_no_newer_one() {
        assert!(needs("2.17", false).is_empty());
        let expected =
            "`greet` needs glibc 2.34, and the oldest system that the platform may run on has 2.17";
        assert_eq!(needs("2.34", false), [expected]);
    }

    #[test]
    fn sizes_are_told_where_they_matter_and_refused_above_the_limits() {
        let check = |zipped, unpacked| {
            let (problems, notes) = check_sizes(zipped * MB, unpacked * MB);
            (problems.iter().map(ToString::to_string).collect::<Vec<_>>(), notes)
        };
        assert_eq!(check(40, 100), (vec![], vec![]));
        let note = "the console takes 40.0 MB at most; upload the zip file through the API or OBS"
            .to_owned();
        assert_eq!(check(41, 100), (vec![], vec![note]));
        let (problems, notes) = check(301, 1501);
        assert_eq!(
            problems[0],
            "the zip file has 301.0 MB, and the platform takes 300.0 MB at most"
        );
        assert_eq!(
            problems[1],
            "unpacked it has 1501.0 MB, and the platform takes 1500.0 MB at most"
        );
        assert_eq!(notes, ["above 50.0 MB the zip file has to be uploaded by way of OBS"]);
    }
}
