//! The programs that are compared, and how they are built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::api::Protocol;

/// One column of the tables.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) title: &'static str,
    /// The folder below `programs`.
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    /// The variables that differ between the columns of a program.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// Whether another column has the same binary, so that its size and its build are reported only
    /// once.
    pub(crate) is_repeat: bool,
    /// The enabled feature of its package; empty for none.
    pub(crate) feature: &'static str,
    /// The kinds of event that its `variants` program supports.
    pub(crate) events: &'static [&'static str],
}

pub(crate) const FLOOR: Program = Program {
    title: "floor",
    name: "floor",
    protocol: Protocol::FunctionGraph,
    variables: &[],
    is_repeat: false,
    feature: "",
    events: &["borrowed", "echo"],
};

pub(crate) const FLOOR_PIPELINED: Program = Program {
    title: "floor, pipelined",
    variables: &[("FG_PIPELINE", "1")],
    is_repeat: true,
    ..FLOOR
};

pub(crate) const FG: Program = Program {
    title: "fg",
    name: "fg",
    protocol: Protocol::FunctionGraph,
    variables: &[("RUNTIME_CPU", "300")],
    is_repeat: false,
    feature: "",
    events: &["owned", "borrowed", "echo"],
};

const FG_THREADS: Program =
    Program { title: "fg, threads", variables: &[("RUNTIME_CPU", "2000")], is_repeat: true, ..FG };

pub(crate) const FG_PIPELINED: Program = Program {
    title: "fg, pipelined",
    variables: &[("RUNTIME_CPU", "300"), ("FG_PIPELINE", "1")],
    is_repeat: true,
    ..FG
};

/// The smallest function with each feature that affects its start.
pub(crate) const FEATURES: [Program; 3] = [
    FG,
    Program { title: "fg with `log`", feature: "log", ..FG },
    Program { title: "fg with `tracing`", feature: "tracing", ..FG },
];

const LAMBDA: Program = Program {
    title: "lambda_runtime",
    name: "lambda",
    protocol: Protocol::Lambda,
    variables: &[("BENCH_THREADS", "one")],
    is_repeat: false,
    feature: "",
    events: &["owned", "echo"],
};

const LAMBDA_THREADS: Program = Program {
    title: "lambda_runtime, threads",
    variables: &[("BENCH_THREADS", "many"), ("TOKIO_WORKER_THREADS", "2")],
    is_repeat: true,
    ..LAMBDA
};

const REQWEST: Program = Program {
    title: "reqwest",
    name: "reqwest",
    protocol: Protocol::FunctionGraph,
    variables: &[],
    is_repeat: false,
    feature: "",
    events: &["owned", "borrowed", "echo"],
};

const GO: Program = Program {
    title: "Go sample",
    name: "go",
    protocol: Protocol::FunctionGraph,
    // Callgrind does not support the signals with which Go preempts goroutines, which are not
    // needed here.
    variables: &[("GODEBUG", "asyncpreemptoff=1")],
    is_repeat: false,
    feature: "",
    events: &[],
};

/// In the order of the columns. The first is the floor, which is the reference of all ratios.
pub(crate) const ALL: [Program; 9] =
    [FLOOR, FLOOR_PIPELINED, FG, FG_THREADS, FG_PIPELINED, LAMBDA, LAMBDA_THREADS, REQWEST, GO];

/// The variables that the platform sets, for both Runtime APIs.
pub(crate) const PLATFORM: [(&str, &str); 15] = [
    ("PATH", "/usr/bin:/bin"),
    ("RUNTIME_TIMEOUT", "60"),
    ("RUNTIME_MEMORY", "128"),
    ("RUNTIME_CPU", "300"),
    ("RUNTIME_MAX_RESP_BODY_SIZE", "6291456"),
    ("RUNTIME_FUNC_NAME", "greet"),
    ("RUNTIME_FUNC_VERSION", "latest"),
    ("RUNTIME_PACKAGE", "default"),
    ("RUNTIME_PROJECT_ID", "0123456789abcdef0123456789abcdef"),
    ("RUNTIME_USERDATA", "{}"),
    ("AWS_LAMBDA_FUNCTION_NAME", "greet"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
];

/// The binaries of a program.
#[derive(Clone, Copy)]
pub(crate) enum Binary {
    /// The smallest function.
    Hello,
    /// The same, counting allocations.
    HelloCounting,
    /// With larger events and log lines.
    Variants,
    /// The same, counting allocations.
    VariantsCounting,
}

/// The directories of the benchmark.
pub(crate) struct Folders {
    /// `bench/` in the source.
    pub(crate) bench: PathBuf,
    /// The target directory of cargo.
    pub(crate) target: PathBuf,
    /// The directory of copied binaries and of the output of the measuring tools.
    pub(crate) work: PathBuf,
}

impl Folders {
    pub(crate) fn find() -> std::io::Result<Self> {
        let bench =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned();
        // <target>/release/driver
        let driver = std::env::current_exe()?;
        let target = driver.ancestors().nth(2).unwrap_or(Path::new("target")).to_owned();
        let work = target.join("bench");
        fs::create_dir_all(&work)?;
        Ok(Self { bench, target, work })
    }

    pub(crate) fn path_of(&self, program: &Program, binary: Binary) -> PathBuf {
        let suffix = match binary {
            Binary::Hello => "hello",
            Binary::HelloCounting => "hello-counting",
            Binary::Variants => "variants",
            Binary::VariantsCounting => "variants-counting",
        };
        let feature = program.feature;
        self.work.join(format!(
            "{}-{suffix}{}{feature}",
            program.name,
            if feature.is_empty() { "" } else { "-" }
        ))
    }

    /// The command that runs a binary in the environment of the platform, optionally under a tool.
    pub(crate) fn command(&self, program: &Program, binary: Binary, tool: &[String]) -> Command {
        let path = self.path_of(program, binary);
        let mut command = match tool.split_first() {
            Some((tool, arguments)) => {
                let mut command = Command::new(tool);
                command.args(arguments).arg(path);
                command
            }
            None => Command::new(path),
        };
        command.env_clear().envs(PLATFORM).envs(program.variables.iter().copied());
        command
    }

    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.bench);
        command
    }

    /// Builds all binaries of a program.
    pub(crate) fn build(&self, program: &Program) -> Result<(), String> {
        if program.name == "go" {
            return self.build_go(program);
        }
        let package = format!("bench-{}", program.name);
        for counting in [false, true] {
            let mut cargo = self.cargo();
            cargo
                .args(["build", "--release", "--quiet", "--locked", "-p", &package, "--target-dir"])
                .arg(&self.target);
            cargo.args(["--features", if counting { "counting" } else { "" }]);
            succeed(cargo)?;
            for (binary, counted) in
                [("hello", Binary::HelloCounting), ("variants", Binary::VariantsCounting)]
            {
                let built = self.target.join("release").join(format!("{}-{binary}", program.name));
                let plain = if binary == "hello" { Binary::Hello } else { Binary::Variants };
                let copy = self.path_of(program, if counting { counted } else { plain });
                fs::copy(&built, copy).map_err(|error| format!("{}: {error}", built.display()))?;
            }
        }
        Ok(())
    }

    /// Builds the smallest function of a program with its feature.
    pub(crate) fn build_with_feature(&self, program: &Program) -> Result<(), String> {
        let built = self.build_smallest(program, &self.target, true)?;
        fs::copy(&built, self.path_of(program, Binary::Hello))
            .map(drop)
            .map_err(|error| format!("{}: {error}", built.display()))
    }

    /// Builds the smallest function in this target directory, and returns its path.
    fn build_smallest(
        &self,
        program: &Program,
        target: &Path,
        release: bool,
    ) -> Result<PathBuf, String> {
        let (package, binary) =
            (format!("bench-{}", program.name), format!("{}-hello", program.name));
        let mut cargo = self.cargo();
        cargo.args(["build", "--quiet", "--locked", "-p", &package, "--bin", &binary]);
        cargo.args(["--features", program.feature]).arg("--target-dir").arg(target);
        if release {
            cargo.arg("--release");
        }
        succeed(cargo)?;
        Ok(target.join(if release { "release" } else { "debug" }).join(binary))
    }

    fn build_go(&self, program: &Program) -> Result<(), String> {
        let compiler = std::env::var_os("GO").unwrap_or_else(|| "go".into());
        if Command::new(&compiler).arg("version").output().is_err() {
            return Err("there is no Go compiler (set GO to its path)".to_owned());
        }
        let mut go = Command::new(compiler);
        go.current_dir(self.bench.join("programs/go")).env("CGO_ENABLED", "0");
        go.args(["build", "-ldflags=-s -w", "-o"])
            .arg(self.path_of(program, Binary::Hello))
            .arg(".");
        succeed(go)
    }

    /// Builds the smallest function in an empty target directory.
    pub(crate) fn cold_build(&self, program: &Program, release: bool) -> Result<(), String> {
        let folder = self.work.join("cold");
        let _ = fs::remove_dir_all(&folder);
        let built = self.build_smallest(program, &folder, release).map(drop);
        let _ = fs::remove_dir_all(&folder);
        built
    }

    /// The number of distinct crates that the smallest function depends on.
    pub(crate) fn crates(&self, program: &Program) -> Result<usize, String> {
        let package = format!("bench-{}", program.name);
        let mut cargo = self.cargo();
        cargo.args([
            "tree", "--quiet", "--locked", "-p", &package, "-e", "normal", "--prefix", "none",
            "--format", "{p}",
        ]);
        cargo.args(["--features", program.feature]);
        let output = cargo.output().map_err(|error| format!("cargo tree: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let distinct: std::collections::BTreeSet<_> = text
            .lines()
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>())
            .filter(|words| words.len() == 2)
            .collect();
        distinct
            .len()
            .checked_sub(1)
            .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

pub(crate) fn succeed(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
