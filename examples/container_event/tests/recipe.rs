//! Follows the `Dockerfile` without Docker: builds the program with its command, copies it into an
//! empty folder, and starts it there as the platform does.

// Builds the image's program in release mode, which takes a minute.
#![cfg(unix)]

#[path = "recipe/dockerfile.rs"]
mod dockerfile;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dockerfile::Recipe;

const TARGET: &str = "x86_64-unknown-linux-musl";

/// Generous: only a failing test waits this long.
const LIMIT: Duration = Duration::from_secs(60);

fn recipe() -> Recipe {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile");
    Recipe::parse(&fs::read_to_string(path).expect("the recipe is there"))
        .expect("Docker can read it")
}

#[test]
fn the_image_is_what_the_platform_takes() {
    let recipe = recipe();
    assert_eq!(recipe.image.base, "scratch");
    assert_eq!(recipe.image.platform.as_deref(), Some("linux/amd64"));
    // Nothing is copied from the build machine: everything is built from the repository.
    assert!(
        recipe.image.copies.iter().all(|copy| copy.from.as_deref() == Some("builder")),
        "{recipe:?}"
    );
    let (user, group) = recipe.image.user.split_once(':').expect("a user and a group");
    for id in [user, group] {
        let id: u32 = id.parse().expect("a number, since the image has no /etc/passwd");
        assert!(
            (1..65535).contains(&id) && ![1000, 1002].contains(&id),
            "the platform refuses {id}"
        );
    }
    assert_eq!(recipe.image.ports, ["8000"]);
    let [program] = recipe.image.entrypoint.as_slice() else {
        panic!("a program, and no arguments: {recipe:?}")
    };
    assert!(
        recipe.image.copies.iter().any(|copy| copy.to == *program),
        "{program} is not in the image"
    );
}

#[test]
fn the_program_is_built_for_the_platform_from_what_is_locked() {
    let recipe = recipe();
    assert_eq!(recipe.builder.run[0], format!("rustup target add {TARGET}"));
    let build = recipe.build_command();
    for word in ["--release", "--locked", "--target", TARGET] {
        assert!(build.split(' ').any(|found| found == word), "{word} in {build}");
    }
}

/// Whether Rust can build for this target.
fn has_target(target: &str) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .expect("rustc runs");
    Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
}

/// Builds the image's files into an empty folder, and returns its path; `None` where that is not
/// possible.
fn lay_out(recipe: &Recipe) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("container-root");
    // It may not be there.
    drop(fs::remove_dir_all(&root));
    for (built, path) in build(recipe)? {
        assert!(
            is_static(&built),
            "{} needs something that the image does not have",
            built.display()
        );
        let to = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(to.parent().expect("it is below the root"))
            .expect("it is this test's folder");
        fs::copy(&built, &to).expect("it is built");
    }
    Some(root)
}

/// Runs the build command, and returns the files for the image with their paths in the image;
/// `None` where that is not possible.
fn build(recipe: &Recipe) -> Option<Vec<(PathBuf, String)>> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        println!("SKIPPED: the program of the image can only be run on Linux on x86_64");
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Shared with the tests of `cargo fg`, which build for the platform too.
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated");
    let mut target = TARGET;
    let mut cargo = Command::new("sh");
    if has_target(TARGET) {
        cargo.envs(recipe.builder.variables.iter().cloned());
    } else {
        println!(
            "SKIPPED: {TARGET} is not installed, so the program is linked with a static glibc in its place"
        );
        target = "x86_64-unknown-linux-gnu";
        cargo.env("RUSTFLAGS", "-C target-feature=+crt-static");
    }
    let command = recipe.build_command().replace(TARGET, target);
    // Optimizing takes a minute and is not the subject of this test; `.ci/check-size` does it.
    for (setting, value) in [("LTO", "off"), ("OPT_LEVEL", "0"), ("CODEGEN_UNITS", "16")] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    cargo
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", &target_folder)
        .env("CARGO_NET_OFFLINE", "true");
    cargo.arg("-c").arg(&command).current_dir(root);
    assert!(cargo.status().expect("a shell").success(), "{command}");
    let prefix = format!("{}/target/", recipe.builder.folder);
    let files = recipe.image.copies.iter().map(|copy| {
        let path =
            copy.what.strip_prefix(&prefix).expect("what cargo has built").replace(TARGET, target);
        (target_folder.join(path), copy.to.clone())
    });
    Some(files.collect())
}

/// Whether the file is an executable for `x86_64` that needs no dynamic loader.
fn is_static(file: &Path) -> bool {
    const MACHINE_X86_64: u16 = 62;
    const INTERPRETER: u32 = 3;
    let bytes = fs::read(file).expect("it is built");
    let number = |at: usize, size: usize| {
        bytes[at..at + size].iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let (headers, size, count) =
        (number(32, 8) as usize, number(54, 2) as usize, number(56, 2) as usize);
    let has_loader =
        (0..count).any(|index| number(headers + index * size, 4) == u64::from(INTERPRETER));
    bytes.starts_with(b"\x7fELF\x02\x01")
        && number(18, 2) == u64::from(MACHINE_X86_64)
        && !has_loader
}

/// The path of the program: the command is started without `PATH`.
fn find_program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Starts the program with the folder as its root and as the image's user, if this process is root.
fn start(root: &Path, recipe: &Recipe, port: u16) -> Program {
    let entrypoint = &recipe.image.entrypoint;
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command = match find_program("chroot") {
        Some(chroot) if is_root => {
            let mut command = Command::new(chroot);
            command.arg(format!("--userspec={}", recipe.image.user)).arg(root).args(entrypoint);
            command
        }
        _ => {
            println!("SKIPPED: another root folder and another user, which need root");
            let mut command = Command::new(root.join(entrypoint[0].trim_start_matches('/')));
            command.args(&entrypoint[1..]).current_dir(root);
            command
        }
    };
    // 8000 may be in use on this machine. A container would not have this variable.
    Program(
        command
            .env_clear()
            .env("FG_PORT", port.to_string())
            .stdin(Stdio::null())
            .spawn()
            .expect("it starts"),
    )
}

/// A process that is killed when its test ends.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has already exited.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a request, and returns the status and the body of the response.
fn send(port: u16, head: &str, body: &str) -> Option<(u16, String)> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(LIMIT)).expect("a valid time limit");
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: fg\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).ok()?;
    let mut response = String::new();
    socket.read_to_string(&mut response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

fn wait_until_ready(port: u16, program: &mut Program) {
    let started = Instant::now();
    while send(port, "GET /healthz HTTP/1.1", "").is_none_or(|(status, _)| status != 200) {
        assert_eq!(
            program.0.try_wait().expect("it can be waited for"),
            None,
            "the program has ended"
        );
        assert!(started.elapsed() < LIMIT, "the program does not become ready");
        std::thread::yield_now();
    }
}

#[test]
fn the_program_alone_in_an_empty_folder_serves_as_the_image_would() {
    let recipe = recipe();
    let Some(root) = lay_out(&recipe) else { return };
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("it is bound")
        .port();
    let mut program = start(&root, &recipe, free);
    wait_until_ready(free, &mut program);
    assert_eq!(
        send(free, "POST /init HTTP/1.1\r\nContent-Type: application/json", "{}")
            .map(|(status, _)| status),
        Some(200)
    );
    let invoke = "POST /invoke HTTP/1.1\r\nContent-Type: application/json\r\nX-CFF-Request-Id: r-1";
    let (status, body) = send(free, invoke, r#"{"item":"tea","quantity":2}"#).expect("a response");
    assert_eq!((status, body.as_str()), (200, r#"{"text":"2 of tea","request_id":"r-1"}"#));
    let (status, body) = send(free, invoke, r#"{"item":"tea"}"#).expect("a response");
    assert!(status == 500 && body.contains("missing field `quantity`"), "{status} {body}");

    // Docker and Kubernetes stop a container this way.
    let kill = Command::new("kill")
        .arg("-TERM")
        .arg(program.0.id().to_string())
        .status()
        .expect("kill runs");
    assert!(kill.success());
    assert_eq!(program.0.wait().expect("it ends").code(), Some(0));
}
