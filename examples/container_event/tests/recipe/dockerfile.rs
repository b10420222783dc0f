//! What a Dockerfile of two stages says, in the words of the test.

use parse_dockerfile::{Command, Flag, Instruction, Source, Stage, UnescapedString};

#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) builder: Builder,
    pub(crate) image: Image,
}

/// The stage that compiles.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) run: Vec<String>,
    pub(crate) variables: Vec<(String, String)>,
    /// Where it works.
    pub(crate) folder: String,
}

/// The stage that becomes the image.
#[derive(Debug, Default)]
pub(crate) struct Image {
    pub(crate) base: String,
    pub(crate) platform: Option<String>,
    pub(crate) copies: Vec<Copied>,
    pub(crate) user: String,
    pub(crate) ports: Vec<String>,
    pub(crate) entrypoint: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) from: Option<String>,
    pub(crate) what: String,
    pub(crate) to: String,
}

impl Recipe {
    /// An error where Docker could not read it, or where it has something that this test does not
    /// know how to follow.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file = parse_dockerfile::parse(text).map_err(|error| error.to_string())?;
        let stages: Vec<_> = file.stages().collect();
        let [builder, image] = stages.as_slice() else {
            return Err(format!("{} stages in place of two", stages.len()));
        };
        let name = builder.from.as_.as_ref().map(|(_, name)| &*name.value);
        if name != Some("builder") {
            return Err(format!("the first stage is {name:?}, and not the builder"));
        }
        Ok(Self { builder: Builder::of(builder)?, image: Image::of(image)? })
    }

    /// What compiles the program.
    pub(crate) fn build_command(&self) -> &str {
        let command = self.builder.run.iter().find(|command| command.starts_with("cargo build "));
        command.expect("the recipe builds with cargo")
    }
}

impl Builder {
    fn of(stage: &Stage<'_, '_>) -> Result<Self, String> {
        let mut builder = Self { run: Vec::new(), variables: Vec::new(), folder: String::new() };
        for instruction in stage.instructions {
            match instruction {
                Instruction::Run(run) => match &run.arguments {
                    Command::Shell(command) => builder.run.push(command.value.to_string()),
                    other => return Err(format!("RUN, but not in shell form: {other:?}")),
                },
                Instruction::Env(env) => {
                    let (name, value) =
                        env.arguments.value.split_once('=').ok_or("ENV without =")?;
                    builder.variables.push((name.to_owned(), value.to_owned()));
                }
                Instruction::Workdir(folder) => builder.folder = text(&folder.arguments),
                Instruction::Copy(copy) if paths(&copy.src)? == ["."] && copy.dest.value == "." => {
                }
                other => {
                    return Err(format!(
                        "an instruction that this test does not follow: {other:?}"
                    ));
                }
            }
        }
        Ok(builder)
    }
}

impl Image {
    fn of(stage: &Stage<'_, '_>) -> Result<Self, String> {
        let base = text(&stage.from.image);
        let mut image =
            Self { base, platform: flag(&stage.from.options, "platform"), ..Self::default() };
        for instruction in stage.instructions {
            match instruction {
                Instruction::Copy(copy) => {
                    let from = flag(&copy.options, "from");
                    for what in paths(&copy.src)? {
                        image.copies.push(Copied {
                            from: from.clone(),
                            what,
                            to: text(&copy.dest),
                        });
                    }
                }
                Instruction::User(user) => image.user = text(&user.arguments),
                Instruction::Expose(ports) => image.ports.extend(ports.arguments.iter().map(text)),
                Instruction::Entrypoint(entrypoint) => match &entrypoint.arguments {
                    Command::Exec(words) => {
                        image.entrypoint = words.value.iter().map(text).collect();
                    }
                    other => {
                        return Err(format!(
                            "ENTRYPOINT, but not in exec form, and the image has no shell: {other:?}"
                        ));
                    }
                },
                other => {
                    return Err(format!(
                        "an instruction that this test does not follow: {other:?}"
                    ));
                }
            }
        }
        Ok(image)
    }
}

fn text(string: &UnescapedString<'_>) -> String {
    string.value.to_string()
}

fn flag(flags: &[Flag<'_>], name: &str) -> Option<String> {
    flags.iter().find(|flag| flag.name.value == name)?.value.as_ref().map(text)
}

fn paths(sources: &[Source<'_>]) -> Result<Vec<String>, String> {
    let path = |source: &Source<'_>| match source {
        Source::Path(path) => Ok(text(path)),
        other => Err(format!("a file that is in the recipe itself: {other:?}")),
    };
    sources.iter().map(path).collect()
}
