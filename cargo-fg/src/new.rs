//! `cargo fg new`: creates a project with one function, a test on a sample event, and a README.

mod clone;
mod project_files;
mod workspace;

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use clap::{Args, ValueEnum};

use crate::failure::{Exit, Failure};
use crate::new::project_files::{Kind, ProjectFiles};
use crate::new::workspace::Workspace;
use crate::project::{cargo, no_cargo};
use crate::screen::Screen;
use crate::trigger::Trigger;

/// Creates a project: a typed function, a test on a sample event, README, .gitignore
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg new greet
  cargo fg new shop/orders --event apig
  cargo fg new web --http

Without a name, it asks for the name and the trigger.

In a workspace, the project becomes a member, and the workspace gets the release profile unless it
has one. In a clone of fg, the project does not become a member.

If `cargo fg` was installed from a clone of fg's repository, the project depends on that clone;
otherwise on the published `functiongraph`.")]
pub(crate) struct NewArguments {
    /// The directory to create; its last part is the name of the package and of the function
    name: Option<PathBuf>,
    /// The trigger whose events the function handles; `none` for your own events
    #[arg(long, value_enum, value_name = "TRIGGER", conflicts_with = "http")]
    event: Option<EventKind>,
    /// Creates an axum router instead of a handler of events, for API Gateway and HTTP functions
    #[arg(long)]
    http: bool,
    /// Depends on the clone of fg's repository in this directory
    #[arg(long, value_name = "DIR", env = "FG_PATH", hide_env_values = true)]
    path: Option<PathBuf>,
}

/// A trigger, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EventKind {
    None,
    Of(Trigger),
}

impl ValueEnum for EventKind {
    fn value_variants<'a>() -> &'a [Self] {
        use Trigger as T;
        &[
            Self::None,
            Self::Of(T::Apig),
            Self::Of(T::Cts),
            Self::Of(T::Dds),
            Self::Of(T::Dis),
            Self::Of(T::Dms),
            Self::Of(T::Eventgrid),
            Self::Of(T::GeminiMongo),
            Self::Of(T::Iotda),
            Self::Of(T::Kafka),
            Self::Of(T::KafkaOpenSource),
            Self::Of(T::Lts),
            Self::Of(T::Notification),
            Self::Of(T::Obs),
            Self::Of(T::ObsEventgrid),
            Self::Of(T::Rabbitmq),
            Self::Of(T::Rocketmq),
            Self::Of(T::Smn),
            Self::Of(T::Timer),
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        match self {
            Self::None => {
                Some(clap::builder::PossibleValue::new("none").help("Your own events: any JSON"))
            }
            Self::Of(trigger) => trigger.to_possible_value(),
        }
    }
}

impl EventKind {
    fn trigger(self) -> Option<Trigger> {
        match self {
            Self::None => None,
            Self::Of(trigger) => Some(trigger),
        }
    }
}

pub(crate) fn run(arguments: &NewArguments, screen: Screen) -> Result<ExitCode, Failure> {
    let directory = match &arguments.name {
        Some(directory) => directory.clone(),
        None => ask_for_name()?,
    };
    let name = name_of(&directory)?;
    let kind = match (arguments.http, arguments.event) {
        (true, _) => Kind::Http,
        (false, Some(event)) => Kind::Event(event.trigger()),
        (false, None) if arguments.name.is_none() => ask_for_kind()?,
        (false, None) => Kind::Event(None),
    };
    let fg = match &arguments.path {
        Some(path) => Some(clone::check(path)?),
        None => clone::of_this_program(),
    };
    let absolute = std::path::absolute(&directory)
        .map_err(|error| Failure::machine("there is no current directory", &error))?;
    if directory.exists() {
        return Err(Failure::usage(format!("{} exists already", directory.display()))
            .advise("choose another name, or remove it"));
    }
    let enclosing = Workspace::enclosing(&absolute);
    let is_separate = enclosing.as_ref().is_some_and(|workspace| clone::is_clone(workspace.root()));
    if is_separate {
        fs::create_dir_all(absolute.join("src")).map_err(|error| {
            Failure::machine(format!("{} could not be created", absolute.display()), &error)
        })?;
    } else {
        create_package(&directory, &name)?;
    }
    let workspace = if is_separate {
        None
    } else {
        Workspace::enclosing(&absolute.join("src")).filter(|workspace| workspace.root() != absolute)
    };
    ProjectFiles {
        name: &name,
        kind,
        fg: fg.as_deref(),
        is_separate,
        has_profile: workspace.is_none(),
    }
    .write(&absolute)?;
    screen.step("Created", format_args!("the function `{name}` in {}", directory.display()));
    if let (Some(clone), None) = (&fg, &arguments.path) {
        screen.note(format_args!(
            "it depends on the clone of fg in {}, from which this cargo-fg was installed; choose another one with --path",
            clone.display()
        ));
    }
    if is_separate {
        screen.note("it is inside a clone of fg, but not a member of its workspace");
    }
    if let Some(note) = workspace.map(|workspace| workspace.add_profile()).transpose()?.flatten() {
        screen.note(note);
    }
    screen.note(format_args!("next: cd {} && {}", directory.display(), kind.invoke_command()));
    Ok(ExitCode::SUCCESS)
}

/// The name of the package and of the function, which both cargo and the platform have to accept.
fn name_of(directory: &Path) -> Result<String, Failure> {
    let Some(name) = directory.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Err(Failure::usage(format!(
            "{directory:?} cannot be the name of a function: `cargo fg new` creates a directory of that name"
        ))
        .advise("for example `cargo fg new greet`"));
    };
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name.len() <= 60;
    if !fits {
        return Err(bad_name(&name));
    }
    let lower = name.to_ascii_lowercase();
    let reserved = RESERVED_NAMES.iter().find(|(names, _)| names.contains(&lower.as_str()));
    if let Some((_, reason)) = reserved {
        return Err(Failure::usage(format!("{name:?} cannot be the name of a function: {reason}"))
            .advise(format!("choose another name. For example `cargo fg new my-{lower}`")));
    }
    if OWN_NAMES.contains(&lower.replace('_', "-").as_str()) {
        return Err(Failure::usage(format!(
            "{name:?} cannot be the name of a function: the function depends on a package of that name"
        ))
        .advise("choose another name. For example `cargo fg new greet`"));
    }
    Ok(name)
}

/// Names that cargo or an operating system does not allow, and why.
const RESERVED_NAMES: [(&[&str], &str); 4] = [
    (
        &[
            "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
            "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen",
            "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
            "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
            "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
            "yield",
        ],
        "it is a keyword of Rust",
    ),
    (
        &["alloc", "core", "proc-macro", "proc_macro", "std", "test"],
        "it is the name of a library of Rust",
    ),
    (&["build", "deps", "examples", "incremental"], "cargo uses a directory of that name"),
    (
        &[
            "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con",
            "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
        ],
        "it is a reserved file name on Windows",
    ),
];

/// Names of dependencies, which would be ambiguous in the lock file, or in a path such as
/// `fg::Context`.
const OWN_NAMES: [&str; 9] = [
    "cargo-fg",
    "fg",
    "fg-core",
    "fg-emulator",
    "fg-events",
    "fg-http",
    "fg-macros",
    "fg-runtime",
    "functiongraph",
];

fn bad_name(name: &str) -> Failure {
    Failure::usage(format!("{name:?} cannot be the name of a function")).advise(
        "it has to begin with a letter, consist of letters, digits, - and _, end with a letter or a digit, and have at most 60 characters. For example `cargo fg new greet`",
    )
}

fn ask_for_name() -> Result<PathBuf, Failure> {
    if !io::stdin().is_terminal() {
        return Err(
            Failure::usage("the name of the function is missing").advise("cargo fg new NAME")
        );
    }
    ask("Name of the function: ").map(PathBuf::from)
}

fn ask_for_kind() -> Result<Kind, Failure> {
    const HTTP: &str = "http";
    let names: Vec<_> =
        EventKind::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let mut names: Vec<_> = names.iter().map(clap::builder::PossibleValue::get_name).collect();
    names.insert(1, HTTP);
    eprintln!(
        "What invokes it? `none`: your own events. `http`: requests, with an axum router. Otherwise a trigger of the platform."
    );
    loop {
        let answer = ask(&format!("One of {} [none]: ", names.join(", ")))?;
        if answer.is_empty() {
            return Ok(Kind::Event(None));
        }
        if answer.eq_ignore_ascii_case(HTTP) || answer.eq_ignore_ascii_case("axum") {
            return Ok(Kind::Http);
        }
        match EventKind::from_str(&answer, true) {
            Ok(kind) => return Ok(Kind::Event(kind.trigger())),
            Err(_) => eprintln!("{answer:?} is not one of them."),
        }
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    let mut answer = String::new();
    eprint!("{question}");
    let _ = io::stderr().flush();
    let read = io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::machine("standard input cannot be read", &error))?;
    if read == 0 {
        Err(Failure::usage("standard input has ended without an answer"))
    } else {
        Ok(answer.trim().to_owned())
    }
}

/// Creates the package with cargo, which takes care of an enclosing workspace and repository.
fn create_package(directory: &Path, name: &str) -> Result<(), Failure> {
    let mut command = cargo();
    command
        .args(["new", "--quiet", "--bin", "--edition", "2024", "--name", name])
        .arg(directory)
        .stdin(Stdio::null());
    let output = command.output().map_err(|error| no_cargo(&error))?;
    if output.status.success() {
        return Ok(());
    }
    let reason =
        String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("error: ").to_owned();
    Err(Failure::new(Exit::Usage, format!("cargo could not create the package: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_can_be_asked_for() {
        let events: Vec<_> =
            EventKind::value_variants().iter().filter_map(|event| event.trigger()).collect();
        assert_eq!(events, Trigger::value_variants());
    }

    #[test]
    fn a_name_has_to_be_valid_for_cargo_and_the_platform() {
        assert_eq!(name_of(Path::new("shop/take-orders_2")).expect("it fits"), "take-orders_2");
        for name in [
            "functiongraph",
            "fg",
            "fg_core",
            "fn",
            "Async",
            "test",
            "build",
            "NUL",
            "2greet",
            "greet-",
            "grüße",
            "a.b",
            "..",
            &"x".repeat(61),
        ] {
            let failure = name_of(Path::new(name)).expect_err(name);
            assert!(failure.to_string().contains("cannot be the name of a function"), "{failure}");
        }
        let failure = name_of(Path::new(".")).expect_err("it is there").to_string();
        assert!(failure.contains("`cargo fg new` creates a directory of that name"), "{failure}");
    }
}
