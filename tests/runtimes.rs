//! The tokio runtimes that people have around a function: in `main`, in a test, with one thread or
//! several.

use std::process::Command;
use std::time::Duration;

use fg::testing::invoke;
use tokio::runtime::{Handle, Runtime};
use tokio::time::sleep;

#[fg::handler]
async fn greet(name: String) -> Result<String, fg::Error> {
    Ok(name)
}

/// What `reqwest::blocking` and other libraries do when they are called from a thread that may
/// block.
#[fg::handler(blocking)]
fn starts_a_runtime(number: u32) -> Result<u32, fg::Error> {
    Ok(Runtime::new()?.block_on(async { number + 1 }))
}

#[fg::handler(blocking, init = prepare)]
fn waits_on_the_runtime_that_is_there(
    name: &str,
    ctx: &fg::Context,
    state: &String,
) -> Result<String, fg::Error> {
    Handle::current().block_on(sleep(Duration::from_millis(1)));
    ctx.logger().info("waited");
    Ok(format!("{state} {name} {}", ctx.request_id()))
}

async fn prepare() -> Result<String, fg::Error> {
    sleep(Duration::from_millis(1)).await;
    Ok("Hello".to_owned())
}

#[fg::handler(blocking)]
fn asks_a_server(port: u16) -> Result<String, fg::Error> {
    use std::io::Read as _;
    let mut answer = String::new();
    std::net::TcpStream::connect(("127.0.0.1", port))?.read_to_string(&mut answer)?;
    Ok(answer)
}

#[fg::handler(blocking)]
fn fails(_: fg::Ignored) -> Result<(), fg::Error> {
    Err("no stock")?
}

#[fg::handler(blocking)]
fn panics(_: fg::Ignored) -> Result<(), fg::Error> {
    panic!("no stock")
}

async fn a_blocking_handler_may_block() {
    assert_eq!(invoke(fg::Function::of::<starts_a_runtime>(), b"1").await.expect("a reply"), b"2");
    let log = fg::testing::CapturedLog::new();
    let ctx = fg::Context::builder().request_id("r-1").log_to(log.clone()).build();
    let reply = fg::testing::invoke_with(
        fg::Function::of::<waits_on_the_runtime_that_is_there>(),
        br#""Ada""#,
        &ctx,
    )
    .await
    .expect("a reply");
    assert_eq!(String::from_utf8_lossy(&reply), r#""Hello Ada r-1""#);
    assert_eq!(log.lines(), ["r-1 INFO waited"]);
    assert_eq!(
        invoke(fg::Function::of::<fails>(), b"").await.expect_err("it fails").message(),
        "no stock"
    );
    assert_eq!(
        invoke(fg::Function::of::<panics>(), b"").await.expect_err("it panics").error_type(),
        "panic"
    );
}

#[tokio::test]
async fn a_blocking_handler_may_block_in_a_test_with_one_thread() {
    a_blocking_handler_may_block().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_blocking_handler_may_block_in_a_test_with_several_threads() {
    a_blocking_handler_may_block().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_blocking_handler_may_block_in_a_task() {
    tokio::spawn(a_blocking_handler_may_block()).await.expect("no panic");
}

#[tokio::test]
async fn a_blocking_handler_may_wait_for_what_its_test_serves() {
    use tokio::io::AsyncWriteExt as _;
    let listener =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let serving = tokio::spawn(async move {
        listener.accept().await.expect("a client").0.write_all(b"Hello!").await
    });
    assert_eq!(
        invoke(fg::Function::of::<asks_a_server>(), port.to_string().as_bytes())
            .await
            .expect("a reply"),
        br#""Hello!""#
    );
    serving.await.expect("no panic").expect("it is sent");
}

#[fg::handler]
async fn blocks_in_place(_: fg::Ignored) -> Result<u8, fg::Error> {
    Ok(tokio::task::block_in_place(|| 7))
}

#[tokio::test]
async fn a_handler_that_blocks_in_place_on_one_thread_is_told_what_to_write() {
    let failure =
        invoke(fg::Function::of::<blocks_in_place>(), b"").await.expect_err("there is one thread");
    assert_eq!(failure.error_type(), "panic");
    for part in ["#[fg::handler(blocking)]", "spawn_blocking", "`.threads(2)` of `fg::Function`"] {
        assert!(failure.message().contains(part), "{}", failure.message());
    }
}

/// What this test program does as a program of its own; see [`main_of`].
const MAIN: &str = "FG_TEST_MAIN";

/// Runs in a process of its own, so that its standard error can be looked at.
fn main_of(name: &str, variables: &[(&str, &str)]) -> (String, String) {
    let program = std::env::current_exe().expect("a process knows its program");
    let mut command = Command::new(program);
    command
        .args(["a_main_of_its_own", "--exact", "--nocapture"])
        .env(MAIN, name)
        .envs(variables.iter().copied());
    let output = command.output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("a string");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn a_main_of_its_own() {
    let Ok(name) = std::env::var(MAIN) else { return };
    let one =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let several = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let code = match &*name {
        "run" => several().block_on(async { fg::run::<greet>() }),
        "run on one thread" => one().block_on(async { fg::run::<(greet, starts_a_runtime)>() }),
        "run in a task" => several().block_on(async {
            tokio::spawn(async { fg::run::<greet>() }).await.expect("no panic")
        }),
        #[cfg(feature = "http")]
        "http" => several().block_on(async { fg::http::run(axum::Router::new()) }),
        #[cfg(feature = "http")]
        "tower" => several().block_on(async {
            fg::Function::of::<greet>()
                .layer(tower::timeout::TimeoutLayer::new(Duration::from_secs(1)))
                .run()
        }),
        "entered" => {
            let runtime = several();
            let _guard = runtime.enter();
            fg::run::<greet>()
        }
        "no runtime" => {
            let mut task = std::task::Context::from_waker(std::task::Waker::noop());
            match std::pin::pin!(fg::Function::of::<greet>().run_async()).poll(&mut task) {
                std::task::Poll::Ready(code) => code,
                std::task::Poll::Pending => panic!("it waits"),
            }
        }
        "serve on one thread" => one().block_on(fg::Function::of::<starts_a_runtime>().run_async()),
        #[cfg(feature = "http")]
        "serve layers on one thread" => one().block_on(
            fg::Function::of::<starts_a_runtime>()
                .layer(tower::layer::util::Identity::new())
                .run_async(),
        ),
        name => panic!("there is no main {name}"),
    };
    println!("the exit code is {code:?}");
}

#[test]
fn an_entry_point_that_is_called_in_a_runtime_says_what_to_write() {
    let mut mains = vec![
        ("run", "`fg::Function::of::<..>().run_async().await`"),
        ("run on one thread", "`fg::Function::of::<..>().run_async().await`"),
        ("run in a task", "`fg::Function::of::<..>().run_async().await`"),
    ];
    if cfg!(feature = "http") {
        mains.push(("http", "`fg::Function::http(..).run_async().await`"));
        mains.push(("tower", "`fg::Function::of::<..>().run_async().await`"));
    }
    for (name, instead) in mains {
        let (stdout, stderr) =
            main_of(name, &[("FG_MODE", "custom-runtime"), ("RUNTIME_API_ADDR", "127.0.0.1:1")]);
        assert!(
            stdout.contains("the exit code is ExitCode(unix_exit_status(2))") || cfg!(not(unix)),
            "{name}: {stdout}{stderr}"
        );
        assert!(
            stderr.contains("#[tokio::main]") && stderr.contains("Write `fn main()`"),
            "{name}: {stderr}"
        );
        assert!(
            stderr.contains("`run` starts a tokio runtime") && stderr.contains(instead),
            "{name}: {stderr}"
        );
        assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    }
}

#[test]
fn serve_without_a_runtime_says_what_to_write() {
    let (stdout, stderr) = main_of("no runtime", &[]);
    assert!(stdout.contains("the exit code is"), "{stdout}{stderr}");
    assert!(
        stderr.contains("put `#[tokio::main]` on `main`") && !stderr.contains("panicked"),
        "{stderr}"
    );
}

/// Each with the event in standard input, as a shell has it.
#[cfg(unix)]
#[test]
fn what_can_run_runs_whatever_the_runtime_around_it() {
    let mut mains = vec![("entered", "\"Ada\""), ("serve on one thread", "1")];
    if cfg!(feature = "http") {
        mains.push(("serve layers on one thread", "1"));
    }
    for (name, event) in mains {
        let program = std::env::current_exe().expect("a process knows its program");
        let piped = format!(
            "printf '%s' '{event}' | '{}' a_main_of_its_own --exact --nocapture",
            program.display()
        );
        let output = Command::new("sh")
            .args(["-c", &piped])
            .env(MAIN, name)
            .env("FG_MODE", "one-shot")
            .output()
            .expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("the exit code is ExitCode(unix_exit_status(0))"),
            "{name}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(text.contains(if event == "1" { "2" } else { "Ada" }), "{name}: {text}");
    }
}
