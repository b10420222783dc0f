use super::*;
use crate::credentials::Credentials;
use crate::header_names as names;
use crate::lifecycle;
use crate::log::{LogSink, NoLog};

fn context_from(headers: &[(&str, &[u8])]) -> Context {
    let mut ctx = lifecycle::between_invocations(Arc::default(), Arc::new(NoLog));
    lifecycle::begin(&mut ctx, Instant::now(), headers.iter().copied());
    ctx
}

#[test]
fn headers_are_found_in_any_case_and_empty_ones_are_absent() {
    let ctx = context_from(&[
        ("X-Cff-Request-Id", b"id-1"),
        ("X-CFF-Invoke-Type", b"ASYNC"),
        ("X-CFF-Workflow-Id", b""),
        ("X-CFF-Workflow-Run-Id", b"null"),
        ("X-CFF-Origin-Version-Tag", b"!stable"),
        ("X-Bytes", b"a\xffb"),
    ]);
    assert_eq!(ctx.request_id(), "id-1");
    assert_eq!(ctx.trace_id(), "id-1");
    assert_eq!(ctx.invocation_type(), InvocationType::Async);
    assert_eq!((ctx.workflow_id(), ctx.workflow_run_id()), (None, None));
    assert_eq!(ctx.alias(), Some("stable"));
    assert_eq!(ctx.header("x-bytes"), Some("a\u{fffd}b"));
}

#[test]
fn secrets_are_not_headers_and_are_not_printed() {
    let secret_names = names::SECRETS;
    let upper: Vec<String> = secret_names.iter().map(|name| name.to_ascii_uppercase()).collect();
    let headers: Vec<(&str, &[u8])> =
        upper.iter().map(|name| (name.as_str(), &b"hunter2"[..])).collect();
    let ctx = context_from(&headers);
    for name in secret_names {
        assert_eq!(ctx.header(name), None, "{name}");
    }
    assert!(!format!("{ctx:?}").contains("hunter2"));
    let credentials = ctx.credentials().expect("all three are there");
    assert_eq!(credentials.security_token().expose(), "hunter2");
    assert!(!format!("{credentials:?}").contains("hunter2"));
    assert_eq!(ctx.token().map(Secret::expose), Some("hunter2"));
    assert_eq!(ctx.stream_token().map(Secret::expose), Some("hunter2"));
    #[allow(deprecated)]
    let old = (ctx.access_key().map(Secret::expose), ctx.secret_key().map(Secret::expose));
    assert_eq!(old, (Some("hunter2"), Some("hunter2")));
}

#[test]
fn two_of_three_credentials_are_none() {
    let ctx =
        context_from(&[(names::SECURITY_ACCESS_KEY, b"a"), (names::SECURITY_SECRET_KEY, b"b")]);
    assert!(ctx.credentials().is_none());
}

#[test]
fn keys_that_do_not_expire_come_with_an_empty_token() {
    let (key, secret, token) =
        (names::SECURITY_ACCESS_KEY, names::SECURITY_SECRET_KEY, names::SECURITY_TOKEN);
    let ctx = context_from(&[(key, b"a"), (secret, b"b"), (token, b"")]);
    assert_eq!(
        ctx.credentials().map(|credentials| credentials.security_token().expose()),
        Some("")
    );
    let without_agency = context_from(&[(key, b""), (secret, b""), (token, b"")]);
    assert!(without_agency.credentials().is_none() && !lifecycle::has_secrets(&without_agency));
    assert!(context_from(&[(key, b"a"), (secret, b"b"), (token, b"null")]).credentials().is_none());
}

#[test]
fn nothing_of_one_invocation_is_seen_by_the_next() {
    let mut ctx =
        context_from(&[("x-cff-request-id", b"one"), ("x-a", b"1"), ("x-cff-auth-token", b"t")]);
    lifecycle::cancel(&ctx);
    ctx.spawn_after(async {});
    assert!(ctx.is_cancelled());
    assert!(lifecycle::begin(&mut ctx, Instant::now(), [("x-cff-request-id", &b"two"[..])]));
    assert_eq!((ctx.request_id(), ctx.header("x-a")), ("two", None));
    assert!(ctx.token().is_none());
    assert!(!ctx.is_cancelled());
    assert!(lifecycle::take_after_work(&ctx).is_empty());
}

#[test]
fn an_invocation_without_a_request_id_is_none() {
    let mut ctx = Context::default();
    assert!(!lifecycle::begin(
        &mut ctx,
        Instant::now(),
        [("x-cff-request-id", &b""[..]), ("x-a", &b"1"[..])]
    ));
}

#[test]
fn the_builder_makes_what_a_handler_would_see() {
    let ctx = Context::builder()
        .request_id("r-1")
        .function_name("order")
        .version("v2")
        .package("shop")
        .project_id("p")
        .alias("stable")
        .memory_size(256)
        .cpu_number(500)
        .invocation_type(InvocationType::Async)
        .user_data("KEY", "value")
        .credentials(&Credentials::new("a".to_owned(), "b".to_owned(), "c".to_owned()))
        .token(&Secret::new("t"))
        .header("x-mine", "1")
        .timeout(Duration::from_secs(60))
        .build();
    assert_eq!(
        (ctx.request_id(), ctx.function_name(), ctx.version(), ctx.package()),
        ("r-1", "order", "v2", "shop")
    );
    assert_eq!(
        (ctx.project_id(), ctx.alias(), ctx.memory_size(), ctx.cpu_number()),
        ("p", Some("stable"), 256, 500)
    );
    assert_eq!(
        (ctx.invocation_type(), ctx.user_data("KEY"), ctx.header("X-Mine")),
        (InvocationType::Async, Some("value"), Some("1"))
    );
    assert_eq!(
        ctx.credentials().map(|credentials| credentials.security_secret_key().expose()),
        Some("b")
    );
    assert_eq!(ctx.token().map(Secret::expose), Some("t"));
    assert_eq!(ctx.timeout(), Duration::from_secs(60));
    assert_eq!(Context::default().request_id(), "test-request");
}

#[test]
fn time_that_is_over_is_zero_and_cancelled() {
    let ctx = Context::builder().timeout(Duration::ZERO).build();
    assert_eq!(ctx.remaining_time(), Duration::ZERO);
    assert!(ctx.is_cancelled());
}

#[test]
fn a_handler_that_does_not_await_sees_in_time_that_it_should_give_up() {
    let mut ctx = lifecycle::between_invocations(Arc::default(), Arc::new(NoLog));
    let begin = |ctx: &mut Context, age| {
        lifecycle::begin(
            ctx,
            Instant::now() - Duration::from_millis(age),
            [("x-cff-request-id", &b"one"[..])],
        )
    };
    begin(&mut ctx, 2_000);
    assert!(!ctx.is_cancelled());
    begin(&mut ctx, 2_800);
    assert!(ctx.is_cancelled() && !ctx.remaining_time().is_zero());
}

#[test]
fn without_variables_the_headers_of_a_container_image_tell_of_the_function() {
    let ctx = context_from(&[
        ("X-Cff-Func-Name", b"0@faashttp@hello"),
        ("X-Cff-Func-Version", b"latest"),
        ("X-Cff-Memory", b"512"),
        ("X-Cff-Package", b"faashttp"),
        ("X-Cff-Timeout", b"5"),
    ]);
    assert_eq!(
        (ctx.function_name(), ctx.version(), ctx.package()),
        ("hello", "latest", "faashttp")
    );
    assert_eq!((ctx.memory_size(), ctx.timeout()), (512, Duration::from_secs(5)));
    let odd = context_from(&[("X-Cff-Memory", b"much"), ("X-Cff-Timeout", b"0")]);
    assert_eq!((odd.memory_size(), odd.timeout()), (128, Duration::from_secs(3)));
}

#[test]
fn a_clone_goes_on_telling_of_its_invocation() {
    let mut ctx = context_from(&[("X-Cff-Request-Id", b"id-1")]);
    let clone = ctx.clone();
    clone.spawn_after(async {});
    assert!(lifecycle::has_after_work(&ctx), "both leave work in one place");
    lifecycle::cancel(&ctx);
    assert!(clone.is_cancelled());
    lifecycle::begin(&mut ctx, Instant::now(), [("X-Cff-Request-Id", &b"id-2"[..])]);
    assert_eq!((clone.request_id(), ctx.request_id()), ("id-1", "id-2"));
    assert!(lifecycle::is_cancelled(&clone) && !lifecycle::is_cancelled(&ctx));
    assert!(lifecycle::has_after_work(&clone) && !lifecycle::has_after_work(&ctx));
}

#[test]
fn work_before_the_stop_is_registered_in_init_and_taken_in_reverse() {
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let ctx = lifecycle::between_invocations(Arc::default(), Arc::new(NoLog));
    for name in ["opened first", "opened second"] {
        let order = Arc::clone(&order);
        ctx.clone().before_stop(async move { order.lock().expect("no panic").push(name) });
    }
    for mut work in lifecycle::take_before_stop(&ctx) {
        let waker = std::task::Waker::noop();
        assert!(work.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready());
    }
    assert_eq!(*order.lock().expect("no panic"), ["opened second", "opened first"]);
    assert!(lifecycle::take_before_stop(&ctx).is_empty());
}

#[test]
fn before_stop_in_an_invocation_is_a_warning_and_nothing_else() {
    #[derive(Default)]
    struct Kept(std::sync::Mutex<Vec<String>>);
    impl LogSink for Kept {
        fn write(&self, record: &crate::record::Record<'_>) {
            self.0.lock().expect("no panic").push(format!("{} {}", record.level, record.text()));
        }
    }
    let log = Arc::new(Kept::default());
    let mut ctx = lifecycle::between_invocations(Arc::default(), Arc::<Kept>::clone(&log));
    ctx.before_stop(async {});
    lifecycle::begin(&mut ctx, Instant::now(), [("x-cff-request-id", &b"one"[..])]);
    ctx.before_stop(async {});
    assert!(lifecycle::take_before_stop(&ctx).is_empty(), "what was not taken is dropped");
    assert_eq!(
        *log.0.lock().expect("no panic"),
        ["WARN `before_stop` has no effect here: call it in `init`"]
    );
}

#[test]
fn a_test_chooses_a_handler_and_sees_what_its_init_registers() {
    let ctx = Context::builder().handler("farewell").build();
    assert_eq!(ctx.environment().handler(), Some("farewell"));
    ctx.before_stop(async {});
    assert_eq!(lifecycle::take_before_stop(&ctx).len(), 1);
}

/// A table as an HTTP library has it: names in lower case.
#[derive(Clone, Default)]
struct Table(Vec<(&'static str, &'static [u8])>);

impl crate::header_table::HeaderTable for Table {
    fn lines(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().copied()
    }

    fn find(&self, name: &str, accepts: fn(&[u8]) -> bool) -> Option<&[u8]> {
        let mut lines = self.0.iter();
        lines.find(|line| line.0.eq_ignore_ascii_case(name) && accepts(line.1)).map(|line| line.1)
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|line| line.0 != name);
    }
}

fn context_with(table: Table) -> Context {
    let mut ctx = lifecycle::between_invocations(Arc::default(), Arc::new(NoLog));
    lifecycle::begin_with_table(&mut ctx, Instant::now(), table, |_, _| None);
    ctx
}

#[test]
fn a_table_that_was_taken_over_tells_the_same_as_copies_of_its_headers() {
    let table = Table(vec![
        ("x-cff-request-id", b"null"),
        ("x-cff-request-id", b" id-1 "),
        ("x-cff-timeout", b"7"),
        ("x-cff-workflow-id", b""),
        ("x-cff-memory", b"512"),
        ("x-bytes", b"a\xffb"),
        ("x-twice", b"1"),
        ("x-twice", b"2"),
    ]);
    let copied = context_from(&table.0);
    let taken_over = context_with(table);
    let told = |ctx: &Context| {
        let headers: Vec<(String, String)> =
            ctx.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let names = ["X-Cff-Request-Id", "x-cff-workflow-id", "x-bytes", "X-Twice", "x-none"];
        let found = names.map(|name| ctx.header(name).map(ToOwned::to_owned));
        (headers, found, ctx.request_id().to_owned(), ctx.timeout(), ctx.memory_size())
    };
    assert_eq!(told(&taken_over), told(&copied));
    assert_eq!(taken_over.header("X-Bytes"), Some("a\u{fffd}b"));
    assert_eq!((taken_over.request_id(), taken_over.timeout().as_secs()), ("id-1", 7));
}

#[test]
fn secrets_leave_a_table_that_is_taken_over() {
    let mut lines: Vec<(&str, &[u8])> =
        names::SECRETS.iter().map(|name| (*name, &b"hunter2"[..])).collect();
    lines.push(("x-other", b"1"));
    let mut ctx = context_with(Table(lines));
    for name in names::SECRETS {
        assert_eq!(ctx.header(name), None, "{name}");
    }
    assert_eq!(ctx.headers().collect::<Vec<_>>(), [("x-other", "1")]);
    assert!(!format!("{ctx:?}").contains("hunter2"));
    assert!(ctx.credentials().is_some() && ctx.token().is_some() && lifecycle::has_secrets(&ctx));
    let table: Table = lifecycle::take_table(&mut ctx).expect("no clone is held");
    assert_eq!(table.0, [("x-other", &b"1"[..])]);
}

#[test]
fn a_clone_keeps_the_table_and_the_next_invocation_has_another() {
    let mut ctx = context_with(Table(vec![("x-cff-request-id", b"id-1"), ("x-a", b"1")]));
    let clone = ctx.clone();
    assert!(lifecycle::take_table::<Table>(&mut ctx).is_none(), "the clone needs it");
    lifecycle::end(&mut ctx);
    let next = Table(vec![("x-b", b"2")]);
    lifecycle::begin_with_table(&mut ctx, Instant::now(), next, |table, id| {
        assert!(id.is_empty() && table.0.len() == 1);
        Some("chosen".into())
    });
    assert_eq!((clone.request_id(), clone.header("x-a")), ("id-1", Some("1")));
    assert_eq!(
        (ctx.request_id(), ctx.header("x-a"), ctx.header("x-b")),
        ("chosen", None, Some("2"))
    );
    drop(clone);
    lifecycle::begin(&mut ctx, Instant::now(), [("x-c", &b"3"[..])]);
    assert_eq!((ctx.header("x-b"), ctx.header("x-c")), (None, Some("3")));
    assert_eq!(ctx.headers().count(), 1);
}
