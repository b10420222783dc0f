//! `cargo fg package`: a zip file, or the context of an image, that runs on the platform or is not
//! made at all.

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

/// What the platform runs on, in the form of cargo.
const DEFAULT_TARGET: &str = "x86_64-unknown-linux-musl";

/// Builds the function for the platform, checks that it will run there, and writes the zip file to
/// upload
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg package
  cargo fg package --include templates --include img=../shared/img --output function.zip
  cargo fg package --image && docker build target/fg/greet-image

The zip file has the program and `bootstrap`, a wrapper that starts it, at its root. The same input
makes the same bytes, in whatever directory and at whatever time: they depend on the sources,
Cargo.lock, the compiler and cargo's configuration with its flags, and not on CARGO_PROFILE_*.

What is included are regular files of the workspace, without what .gitignore names, folders of
builds and of version control, and earlier packages. A link is followed within the workspace.
Whatever else is found is told by name, and nothing is written.

Nothing is written where it would fail on the platform: another architecture, a program that is
linked dynamically, a file that needs a newer glibc, a `bootstrap` without its execute bit or with
the line ends of Windows, sizes above the limits. Standard output has the path of what was written.

docs/packaging.md has the details, and what to do about dependencies with C in them.")]
pub(crate) struct PackageArguments {
    /// A file or a directory to put into the package, relative to that of Cargo.toml; can be given
    /// more than once. DEST=SOURCE puts SOURCE, which may be elsewhere in the workspace, at DEST in
    /// the package. A file called `bootstrap` takes the place of the wrapper
    #[arg(long, value_name = "[DEST=]PATH")]
    include: Vec<PathBuf>,
    /// Where to write it [default: target/fg/NAME.zip, target/fg/NAME-image]
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Writes the directory from which a container image is built, and no zip file. A Dockerfile in
    /// it that was edited is kept
    #[arg(long)]
    image: bool,
    /// What it does anyway
    #[arg(long = "release", short = 'r', hide = true)]
    _release: bool,
    /// The certificates that the image trusts, as PEM, in place of Mozilla's list
    #[arg(long, value_name = "FILE", requires = "image")]
    certificates: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// Features of the package, as cargo takes them
    #[arg(
        long,
        short = 'F',
        value_name = "FEATURES",
        value_delimiter = ',',
        help_heading = "Which function"
    )]
    features: Vec<String>,
    /// What to build for. `x86_64-unknown-linux-gnu` links glibc statically, and needs no other
    /// target installed
    #[arg(long, value_name = "TRIPLE", default_value = DEFAULT_TARGET, help_heading = "Which function")]
    target: String,
}

pub(crate) fn run(arguments: &PackageArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let project = Project::read()?;
    let function = project.function(&arguments.selection.wanted())?;
    warn_of_secrets(std::slice::from_ref(&function), screen);
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| default_output(&project, &function, arguments.image));
    let included: Vec<_> =
        function.metadata.include.iter().chain(&arguments.include).cloned().collect();
    // A build takes long: what is wrong with the rest is said before it.
    if !arguments.image {
        check_output(&output)?;
    }
    Plan::check(&project, &function, &included, &output)?;
    let certificates =
        arguments.image.then(|| certificates::of(arguments.certificates.as_deref())).transpose()?;
    let build = StaticBuild {
        project: &project,
        target: &arguments.target,
        features: &arguments.features,
        is_for_image: arguments.image,
    };
    let program = build.run(&function, screen)?;
    let plan = Plan::make(&project, &function, &included, &output)?;
    let contents = plan.read(&program)?;
    let zip = archive::write(&contents)?;
    let checked = checks::check(&contents, zip.len());
    if !checked.problems.is_empty() {
        return Err(refuse(&function, &checked.problems));
    }
    let mut notes = left_out(&plan.left_out);
    match &certificates {
        Some(certificates) => notes.extend(image::write(&contents, certificates, &output)?),
        None => write(&output, &zip)?,
    }
    report(screen, &contents, &zip, &checked, &output, arguments.image);
    notes.iter().for_each(|note| screen.note(note));
    println!("{}", output.display());
    Ok(ExitCode::SUCCESS)
}

/// What to say about what was not taken, in a line however much it is.
fn left_out(paths: &[String]) -> Vec<String> {
    const NAMED: usize = 3;
    if paths.is_empty() {
        return Vec::new();
    }
    let more = paths.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = paths
        .iter()
        .take(NAMED)
        .map(|path| collect::on_one_line(path))
        .collect::<Vec<_>>()
        .join(", ");
    vec![format!("left out, as .gitignore says or because it was built: {named}{more}")]
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

fn default_output(project: &Project, function: &Function, is_image: bool) -> PathBuf {
    let name = if is_image {
        format!("{}-image", function.unique_name)
    } else {
        format!("{}.zip", function.unique_name)
    };
    let output = project.target_directory.join("fg").join(name);
    let here = std::env::current_dir().ok();
    here.and_then(|here| output.strip_prefix(here).map(Path::to_owned).ok()).unwrap_or(output)
}

/// A file that is there already is replaced if it is a zip file, and not if it is anything else: a
/// source, by a slip of the fingers.
fn check_output(output: &Path) -> Result<(), Failure> {
    if !fs::metadata(output).is_ok_and(|about| about.is_file()) {
        return Ok(());
    }
    let mut begins = Vec::new();
    let read = fs::File::open(output).and_then(|file| file.take(2).read_to_end(&mut begins));
    read.map_err(|error| Failure::machine(format!("{} cannot be read", output.display()), &error))?;
    if begins.is_empty() || begins == b"PK" {
        return Ok(());
    }
    Err(Failure::usage(format!("{} is there already, and is no zip file", output.display()))
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

fn report(
    screen: Screen,
    contents: &Contents,
    zip: &[u8],
    checked: &Checked,
    output: &Path,
    is_image: bool,
) {
    // The image starts the program itself.
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
            format_args!("{}: the context of an image, {}", output.display(), Size(unpacked)),
        );
        screen.note("FunctionGraph calls an image over HTTP, on port 8000");
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
        screen.step("SHA-256", hex(&Sha256::digest(zip)));
        for note in &checked.notes {
            screen.note(note);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number of bytes for people.
pub(crate) struct Size(pub(crate) usize);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let bytes = self.0 as f64;
        match self.0 {
            0..1024 => write!(f, "{} B", self.0),
            1024..0x10_0000 => write!(f, "{:.1} KB", bytes / 1024.0),
            _ => write!(f, "{:.1} MB", bytes / (1024.0 * 1024.0)),
        }
    }
}
