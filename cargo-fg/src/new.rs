//! `cargo fg new`: a project with one function, a test on a sample event, and all that a newcomer needs.

mod project_files;

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use clap::{Args, ValueEnum};

use crate::failure::{Exit, Failure};
use crate::new::project_files::{Kind, ProjectFiles};
use crate::project::{cargo, no_cargo};
use crate::screen::Screen;
use crate::trigger::Trigger;

/// Makes a project: a typed function, a test on a sample event, README, .gitignore
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo fg new greet
  cargo fg new shop/orders --event apig
  cargo fg new web --http

Without a name, it asks for it and for the trigger. With one, it asks for nothing.
Inside a workspace the project becomes a member of it.")]
pub(crate) struct NewArguments {
    /// The directory to make; its last part is the name of the package and of the function
    name: Option<PathBuf>,
    /// The trigger whose events the function handles; `none` for events of your own
    #[arg(long, value_enum, value_name = "TRIGGER", conflicts_with = "http")]
    event: Option<EventKind>,
    /// An axum router instead of a handler of events: for API Gateway, and for HTTP functions
    #[arg(long)]
    http: bool,
    /// Depends on the `fg` in this directory, a clone of its repository, and not on the published one
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
            Self::None => Some(clap::builder::PossibleValue::new("none").help("Events of your own: any JSON")),
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
        // Who has not said a name has said nothing yet.
        (false, None) if arguments.name.is_none() => Kind::Event(ask_for_event()?),
        (false, None) => Kind::Event(None),
    };
    let fg = arguments.path.as_deref().map(check_path).transpose()?;
    let absolute = std::path::absolute(&directory).map_err(|error| Failure::machine("there is no current directory", &error))?;
    make_package(&directory, &name)?;
    let files = ProjectFiles { name: &name, kind, fg: fg.as_deref(), has_profile: !is_in_a_workspace(&absolute) };
    files.write(&absolute)?;
    screen.step("Created", format_args!("the function `{name}` in {}", directory.display()));
    screen.note(format_args!("next: cd {} && {}", directory.display(), kind.invoke_command()));
    Ok(ExitCode::SUCCESS)
}

/// The package's name, which is the function's too, and so has to please both cargo and the platform.
fn name_of(directory: &Path) -> Result<String, Failure> {
    let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        && name.len() <= 60;
    if fits { Ok(name) } else { Err(bad_name(&name)) }
}

fn bad_name(name: &str) -> Failure {
    Failure::usage(format!("{name:?} cannot be the name of a function")).advise(
        "a letter, then letters, digits, - and _, and at the end a letter or a digit; at most 60 in all. For example `cargo fg new greet`",
    )
}

fn ask_for_name() -> Result<PathBuf, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("what is the function to be called?").advise("cargo fg new NAME"));
    }
    ask("Name of the function: ").map(PathBuf::from)
}

fn ask_for_event() -> Result<Option<Trigger>, Failure> {
    let names: Vec<_> = EventKind::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let names: Vec<_> = names.iter().map(clap::builder::PossibleValue::get_name).collect();
    loop {
        let answer = ask(&format!("Trigger ({}) [none]: ", names.join(", ")))?;
        if answer.is_empty() {
            return Ok(None);
        }
        match EventKind::from_str(&answer, true) {
            Ok(kind) => return Ok(kind.trigger()),
            Err(_) => eprintln!("There is no trigger {answer:?}."),
        }
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    let mut answer = String::new();
    eprint!("{question}");
    let _ = io::stderr().flush();
    let read = io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::machine("there is no answer to read", &error))?;
    if read == 0 { Err(Failure::usage("there was no answer")) } else { Ok(answer.trim().to_owned()) }
}

fn check_path(path: &Path) -> Result<PathBuf, Failure> {
    let manifest = path.join("Cargo.toml");
    let is_fg = fs::read_to_string(&manifest).is_ok_and(|text| text.contains("name = \"functiongraph\""));
    if !is_fg {
        return Err(Failure::usage(format!("{} is not the package `functiongraph`", manifest.display()))
            .advise("--path takes the root of a clone of fg's repository"));
    }
    fs::canonicalize(path).map_err(|error| Failure::machine(format!("{} cannot be found", path.display()), &error))
}

/// cargo makes the package: it knows what a workspace and a repository around it ask for.
fn make_package(directory: &Path, name: &str) -> Result<(), Failure> {
    if directory.exists() {
        return Err(Failure::usage(format!("{} exists already", directory.display())).advise("choose another name, or remove it"));
    }
    let mut command = cargo();
    command.args(["new", "--quiet", "--bin", "--edition", "2024", "--name", name]).arg(directory).stdin(Stdio::null());
    let output = command.output().map_err(|error| no_cargo(&error))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("error: ").to_owned();
    Err(Failure::new(Exit::Usage, format!("cargo could not make the package: {reason}")))
}

fn is_in_a_workspace(directory: &Path) -> bool {
    let own = directory.join("Cargo.toml");
    let mut command = cargo();
    command.args(["locate-project", "--workspace", "--message-format", "plain", "--manifest-path"]).arg(&own);
    let root = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
    root.is_ok_and(|root| root.status.success() && Path::new(String::from_utf8_lossy(&root.stdout).trim()) != own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_can_be_asked_for() {
        let events: Vec<_> = EventKind::value_variants().iter().filter_map(|event| event.trigger()).collect();
        assert_eq!(events, Trigger::value_variants());
    }

    #[test]
    fn a_name_has_to_please_cargo_and_the_platform() {
        assert_eq!(name_of(Path::new("shop/take-orders_2")).expect("it fits"), "take-orders_2");
        for name in ["2greet", "greet-", "grüße", "a.b", "..", &"x".repeat(61)] {
            let failure = name_of(Path::new(name)).expect_err(name);
            assert!(failure.to_string().contains("cannot be the name of a function"), "{failure}");
        }
    }
}
