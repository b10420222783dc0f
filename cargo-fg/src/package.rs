//! `cargo fg package`: writes a zip file or the build context of an image, after checking that it
//! will run on the platform.

mod archive;
mod certificates;
mod checks;
mod collect;
mod contents;
mod elf;
mod flags;
mod image;
mod static_build;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sha2::{Digest, Sha256};

use crate::arguments::Selection;
use crate::failure::{Exit, Failure};
use crate::package::checks::{Checked, Problem};
use crate::package::contents::{BOOTSTRAP, Contents, Plan};
use crate::package::static_build::StaticBuild;
use crate::project::{Function, Project};
use crate::screen::Screen;
use crate::settings::warn_of_secrets;

/// The target triple of the platform, statically linked.
const DEFAULT_TARGET: &str = "x86_64-unknown-linux-musl";

/// Builds the function for the platform, checks that it will run there, and writes the zip file to
/// upload
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg package
  cargo fg package --include templates --include img=../shared/img --output function.zip
  cargo fg package --image && docker build target/fg/greet-image

The zip file has the program and `bootstrap`, a wrapper that starts it, at its root. Packages are
reproducible: the bytes depend only on the sources, Cargo.lock, the compiler and cargo's
configuration with its flags, not on the directory, the time or CARGO_PROFILE_*.

Included are regular files of the workspace, except those ignored by .gitignore, directories of
builds and version control, and earlier packages. Symbolic links are followed within the workspace.
If anything else is found, nothing is written, and the error lists it.

Nothing is written if it would fail on the platform: another architecture, a dynamically linked
program, a file that needs a newer glibc, a `bootstrap` that is not executable or has Windows line
endings, sizes above the limits. The path of the written file is printed to standard output.

See docs/packaging.md for details, and for dependencies with native code.")]
pub(crate) struct PackageArguments {
    #[command(flatten)]
    build: BuildFlags,
    /// The path to write to [default: target/fg/NAME.zip, target/fg/NAME-image]
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Writes the build context of a container image instead of a zip file. An edited Dockerfile in
    /// it is kept
    #[arg(long)]
    image: bool,
    /// Always on; accepted for the sake of habit
    #[arg(long = "release", short = 'r', hide = true)]
    _release: bool,
    /// The certificates that the image trusts, as PEM, instead of Mozilla's list
    #[arg(long, value_name = "FILE", requires = "image")]
    certificates: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
}

/// What a package contains, and how its program is built.
#[derive(Args, Clone, Debug)]
pub(crate) struct BuildFlags {
    /// A file or a directory to include, relative to the directory of Cargo.toml; can be repeated.
    /// DEST=SOURCE includes SOURCE, which may be elsewhere in the workspace, as DEST. A file named
    /// `bootstrap` replaces the wrapper
    #[arg(long, value_name = "[DEST=]PATH")]
    include: Vec<PathBuf>,
    /// Features of the package to enable, as for cargo
    #[arg(
        long,
        short = 'F',
        value_name = "FEATURES",
        value_delimiter = ',',
        help_heading = "Which function",
        display_order = 100
    )]
    features: Vec<String>,
    /// The target to build for. `x86_64-unknown-linux-gnu` links glibc statically, and needs no
    /// additional target on Linux
    #[arg(
        long,
        value_name = "TRIPLE",
        default_value = DEFAULT_TARGET,
        help_heading = "Which function",
        display_order = 101
    )]
    target: String,
}

/// A package that was built, and checked: it will run on the platform.
pub(crate) struct Package {
    pub(crate) zip: Vec<u8>,
    contents: Contents,
    checked: Checked,
    skipped: Vec<String>,
}

impl Package {
    /// Builds the function, and reads its files, except the one at `output`, which is an earlier
    /// package. Nothing is written but what cargo builds.
    pub(crate) fn build(
        project: &Project,
        function: &Function,
        flags: &BuildFlags,
        output: &Path,
        is_for_image: bool,
        screen: Screen,
    ) -> Result<Self, Failure> {
        let included: Vec<_> =
            function.metadata.include.iter().chain(&flags.include).cloned().collect();
        // Check everything else before the build, which takes long.
        Plan::check(project, function, &included, output)?;
        let build =
            StaticBuild { project, target: &flags.target, features: &flags.features, is_for_image };
        let program = build.run(function, screen)?;
        let plan = Plan::make(project, function, &included, output)?;
        let contents = plan.read(&program)?;
        let zip = archive::write(&contents)?;
        let checked = checks::check(&contents, zip.len());
        if !checked.problems.is_empty() {
            return Err(refuse(function, &checked.problems));
        }
        Ok(Self { zip, contents, checked, skipped: skipped_note(&plan.skipped) })
    }

    /// Prints the files that are not in the package although they are in the directory.
    pub(crate) fn note_skipped(&self, screen: Screen) {
        self.skipped.iter().for_each(|note| screen.note(note));
    }
}

pub(crate) fn run(arguments: &PackageArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let project = Project::read()?;
    let function = project.function(&arguments.selection.wanted())?;
    warn_of_secrets(std::slice::from_ref(&function), screen);
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| default_output(&project, &function, arguments.image));
    if !arguments.image {
        check_output(&output)?;
    }
    let certificates =
        arguments.image.then(|| certificates::of(arguments.certificates.as_deref())).transpose()?;
    let package =
        Package::build(&project, &function, &arguments.build, &output, arguments.image, screen)?;
    let notes = match &certificates {
        Some(certificates) => image::write(&package.contents, certificates, &output)?,
        None => {
            write(&output, &package.zip)?;
            Vec::new()
        }
    };
    report(screen, &package, &output, arguments.image);
    package.note_skipped(screen);
    notes.iter().for_each(|note| screen.note(note));
    println!("{}", output.display());
    Ok(ExitCode::SUCCESS)
}

/// A note of one line about skipped files.
fn skipped_note(paths: &[String]) -> Vec<String> {
    const MAX_NAMES: usize = 3;
    if paths.is_empty() {
        return Vec::new();
    }
    let more = paths.len().saturating_sub(MAX_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let names = paths
        .iter()
        .take(MAX_NAMES)
        .map(|path| collect::on_one_line(path))
        .collect::<Vec<_>>()
        .join(", ");
    vec![format!("skipped, ignored by .gitignore or build output: {names}{more}")]
}

fn refuse(function: &Function, problems: &[Problem]) -> Failure {
    let what = match problems {
        [_] => format!("the package of `{}` would not run on the platform", function.name),
        _ => format!(
            "the package of `{}` would not run on the platform, for {} reasons",
            function.name,
            problems.len()
        ),
    };
    let mut failure = Failure::new(Exit::Failed, what);
    for problem in problems {
        failure = failure.because(problem);
    }
    let advice: Vec<_> = problems
        .iter()
        .map(|problem| problem.advice.as_str())
        .filter(|advice| !advice.is_empty())
        .collect();
    if advice.is_empty() { failure } else { failure.advise(advice.join("\n")) }
}

pub(crate) fn default_output(project: &Project, function: &Function, is_image: bool) -> PathBuf {
    let name = if is_image {
        format!("{}-image", function.unique_name)
    } else {
        format!("{}.zip", function.unique_name)
    };
    let output = project.target_directory.join("fg").join(name);
    let here = std::env::current_dir().ok();
    here.and_then(|here| output.strip_prefix(here).map(Path::to_owned).ok()).unwrap_or(output)
}

/// Refuses to overwrite a file that is not a zip file, such as a source file given by mistake.
fn check_output(output: &Path) -> Result<(), Failure> {
    if !fs::metadata(output).is_ok_and(|about| about.is_file()) {
        return Ok(());
    }
    let mut beginning = Vec::new();
    let read = fs::File::open(output).and_then(|file| file.take(2).read_to_end(&mut beginning));
    read.map_err(|error| Failure::machine(format!("{} cannot be read", output.display()), &error))?;
    if beginning.is_empty() || beginning == b"PK" {
        return Ok(());
    }
    Err(Failure::usage(format!("{} exists, and is not a zip file", output.display()))
        .advise("choose another --output"))
}

fn write(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let directory = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    let written =
        directory.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(output, bytes));
    written.map_err(|error| {
        Failure::machine(format!("{} could not be written", output.display()), &error)
    })
}

fn report(screen: Screen, package: &Package, output: &Path, is_image: bool) {
    let Package { zip, contents, checked, .. } = package;
    // An image starts the program without the wrapper.
    let files: Vec<_> =
        contents.files.iter().filter(|file| !(is_image && file.path == BOOTSTRAP)).collect();
    let width = files.iter().map(|file| file.path.len()).max().unwrap_or_default();
    for path in &contents.directories {
        screen.step("", format_args!("{path}/"));
    }
    for file in &files {
        screen.step("", format_args!("{:width$}  {}", file.path, Size(file.bytes.len())));
    }
    let unpacked = files.iter().map(|file| file.bytes.len()).sum();
    if is_image {
        screen.step(
            "Packaged",
            format_args!("{}: the build context of an image, {}", output.display(), Size(unpacked)),
        );
        screen.note("FunctionGraph invokes an image over HTTP, on port 8000");
    } else {
        screen.step(
            "Packaged",
            format_args!(
                "{}: {}, unpacked {}, for the runtime `Custom`",
                output.display(),
                Size(zip.len()),
                Size(unpacked)
            ),
        );
        screen.step("SHA-256", format_args!("{:x}", Sha256::digest(zip)));
        for note in &checked.notes {
            screen.note(note);
        }
    }
}

/// Displays a number of bytes in B, KB or MB.
pub(crate) struct Size(pub(crate) usize);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        #[allow(clippy::cast_precision_loss, reason = "it is rounded anyway")]
        let bytes = self.0 as f64;
        match self.0 {
            0..1024 => write!(f, "{} B", self.0),
            1024..0x10_0000 => write!(f, "{:.1} KB", bytes / 1024.0),
            _ => write!(f, "{:.1} MB", bytes / (1024.0 * 1024.0)),
        }
    }
}
