//! What is said when the platform refuses: wrong credentials, an expired token, missing rights, a
//! quota, a clock that is wrong. Each message is compared as a whole, and meant to be read aloud.

use crate::fg::{Ran, run};
use crate::platform::{Platform, urn};
use crate::project::{deploy, deployed};
use crate::proxy::{Deal, Proxy, Recorded};
use crate::serving::titles;

/// The error, from its first line on, without what differs from run to run.
fn error(ran: &Ran) -> String {
    let start = ran.stderr.find("error: ").unwrap_or_else(|| panic!("no error: {}", ran.stderr));
    let text = ran.stderr[start..].trim_end().replace(&urn(""), "URN");
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id = bare.len() == 36 && bare.matches('-').count() == 4;
        words.push(if is_id { word.replace(bare, "ID") } else { word.to_owned() });
    }
    words.join(" ")
}

/// The answer of the platform to each request that fits.
fn refuse(
    proxy: &Proxy,
    which: impl Fn(&Recorded) -> bool + Send + Sync + 'static,
    status: u16,
    code: &str,
    message: &str,
) {
    let body = format!(r#"{{"error_code":"{code}","error_msg":"{message}"}}"#);
    proxy.set(move |_, recorded| {
        if !which(recorded) {
            return Deal::Forward;
        }
        Deal::Answer(status, "X-Request-Id: 7f2a\r\n".to_owned(), body.clone())
    });
}

#[test]
fn wrong_credentials_are_refused_by_the_platform() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    let ran = run(command.env("HUAWEICLOUD_SDK_AK", "ANOTHERKEY")).ended_with(1);
    assert_eq!(titles(&proxy.take()), [""; 0]);
    assert_eq!(error(&ran), "");
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    let ran = run(command.env("HUAWEICLOUD_SDK_SK", "another-secret")).ended_with(1);
    assert!(!ran.stderr.contains("another-secret"), "{}", ran.stderr);
    assert_eq!(titles(&proxy.take()), [""; 0]);
    assert_eq!(error(&ran), "");
}

#[test]
fn without_credentials_it_says_where_they_are_looked_for() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    command.env_remove("HUAWEICLOUD_SDK_AK").env_remove("HUAWEICLOUD_SDK_SK");
    let ran = run(&mut command).ended_with(2);
    assert!(proxy.take().is_empty());
    assert_eq!(error(&ran), "");
}

#[test]
fn an_expired_token_is_told() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    refuse(&proxy, |_| true, 401, "APIGW.0307", "The token must be updated.");
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    let ran = run(command.env("HUAWEICLOUD_SDK_SECURITY_TOKEN", "expired-token")).ended_with(1);
    assert!(!ran.stderr.contains("expired-token"), "{}", ran.stderr);
    assert_eq!(error(&ran), "");
}

#[test]
fn missing_rights_are_told_with_what_was_done_before() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &["--alias", "prod"]);
    let publish = |recorded: &Recorded| recorded.title() == "POST /functions/URN/versions";
    refuse(&proxy, publish, 403, "FSS.0403", "Insufficient permissions.");
    let ran = run(&mut deploy(proxy.address, "two", &["--alias", "prod", "--yes"])).ended_with(1);
    assert_eq!(error(&ran), "");
    assert_eq!(platform.release("!prod").as_deref(), Some("one"));
    // All of it is refused: nothing can be compared.
    refuse(&proxy, |_| true, 403, "FSS.0403", "Insufficient permissions.");
    let ran = run(&mut deploy(proxy.address, "two", &["--alias", "prod", "--yes"])).ended_with(1);
    assert_eq!(error(&ran), "");
}

#[test]
fn a_quota_is_told() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let create = |recorded: &Recorded| recorded.title() == "POST /functions";
    refuse(&proxy, create, 403, "FSS.1041", "The number of functions exceeds the limit.");
    let ran = run(&mut deploy(proxy.address, "one", &["--yes"])).ended_with(1);
    assert_eq!(error(&ran), "");

    let alias = |recorded: &Recorded| recorded.title() == "POST /functions/URN/aliases";
    refuse(&proxy, alias, 403, "FSS.1043", "The number of aliases exceeds the limit.");
    let ran = run(&mut deploy(proxy.address, "one", &["--alias", "prod", "--yes"])).ended_with(1);
    assert_eq!(error(&ran), "");
}

#[test]
fn a_wrong_clock_is_told_with_both_times() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let body = r#"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: x-sdk-date expired"}"#;
    proxy.set(move |_, _| {
        let headers = "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\nX-Request-Id: 7f2a\r\n";
        Deal::Answer(401, headers.to_owned(), body.to_owned())
    });
    let ran = run(&mut deploy(proxy.address, "one", &["--yes"])).ended_with(1);
    let text = error(&ran);
    let (before, rest) = text.split_once("here it is ").expect("the time here");
    let (_, after) = rest.split_once(", there ").expect("the time there");
    assert_eq!(before, "");
    assert_eq!(after, "");
}

#[test]
fn a_platform_that_is_not_there_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let ran = run(&mut deploy(address, "one", &["--yes"])).ended_with(3);
    assert_eq!(error(&ran).replace(&address.to_string(), "ADDRESS"), "");
}
