//! What is said when the platform refuses: wrong credentials, an expired token, missing rights, a
//! quota, a clock that is wrong. Each message is compared as a whole, and meant to be read aloud.

use std::ffi::OsStr;

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
        // The content is in its name: the compiler, for example.
        let is_version = bare.len() == 14 && bare.starts_with("1.2.3-");
        words.push(match (is_id, is_version) {
            (true, _) => word.replace(bare, "ID"),
            (_, true) => word.replace(bare, "VERSION"),
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

/// The value of HOME.
fn home((name, value): (&OsStr, Option<&OsStr>)) -> Option<String> {
    (name == "HOME").then(|| Some(value?.to_str()?.to_owned()))?
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
    assert_eq!(
        error(&ran),
        "error: list projects: IAM answered 401, APIGW.0301: Incorrect IAM authentication information: \
         ak ANOTHERKEY not exist (request id ID). Access key or secret key is wrong, the key was deleted, or it is of another cloud: see where they \
         come from with `cargo fg whoami`. Temporary credentials need their token, and end after a day at most."
    );
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    let ran = run(command.env("HUAWEICLOUD_SDK_SK", "another-secret")).ended_with(1);
    assert!(!ran.stderr.contains("another-secret"), "{}", ran.stderr);
    assert_eq!(titles(&proxy.take()), [""; 0]);
    // The platform tells what should have been signed.
    let text = error(&ran);
    let (before, after) = text.split_once(", canonicalRequest:").expect("what was to be signed");
    assert_eq!(
        before,
        "error: list projects: IAM answered 401, APIGW.0301: Incorrect IAM authentication information: \
         verify aksk signature fail"
    );
    let (_, advice) = after.split_once(" (request id ID). ").expect("advice");
    assert_eq!(
        advice,
        "Access key or secret key is wrong, the key was deleted, or it is of another cloud: see where they \
         come from with `cargo fg whoami`. Temporary credentials need their token, and end after a day at most."
    );
}

#[test]
fn without_credentials_it_says_where_they_are_looked_for() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    command.env_remove("HUAWEICLOUD_SDK_AK").env_remove("HUAWEICLOUD_SDK_SK");
    let ran = run(&mut command).ended_with(2);
    assert!(proxy.take().is_empty());
    // What the metadata service says depends on the machine.
    let text = error(&ran).replace(&command.get_envs().find_map(home).expect("a home"), "HOME");
    let (before, after) = text.split_once("; and the metadata service").expect("it was asked");
    assert_eq!(
        before,
        "error: no credentials: neither HUAWEICLOUD_SDK_AK, HW_ACCESS_KEY nor OS_ACCESS_KEY is set; \
         HOME/.huaweicloud/credentials does not exist; HOME/.hcloud/config.json does not exist"
    );
    let advice = "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK to an access key of your account \
                  (console: My Credentials, Access Keys)";
    assert!(after.ends_with(advice), "{after}");
}

#[test]
fn an_expired_token_is_told() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    refuse(&proxy, |_| true, 401, "APIGW.0307", "The token must be updated.");
    let mut command = deploy(proxy.address, "one", &["--yes"]);
    let ran = run(command.env("HUAWEICLOUD_SDK_SECURITY_TOKEN", "expired-token")).ended_with(1);
    assert!(!ran.stderr.contains("expired-token"), "{}", ran.stderr);
    assert_eq!(
        error(&ran),
        "error: list projects: IAM answered 401, APIGW.0307: The token must be updated. (request id 7f2a). \
         The temporary credentials have ended: get new ones."
    );
}

#[test]
fn missing_rights_are_told_with_what_was_done_before() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &["--alias", "prod"]);
    let publish = |recorded: &Recorded| recorded.title() == "POST /functions/URN/versions";
    refuse(&proxy, publish, 403, "FSS.0403", "Insufficient permissions.");
    let ran = run(&mut deploy(proxy.address, "two", &["--alias", "prod", "--yes"])).ended_with(1);
    assert_eq!(
        error(&ran),
        "error: failed to publish the version VERSION: FunctionGraph answered 403, \
         FSS.0403: Insufficient permissions. (request id 7f2a). The account needs rights for this, such as \
         FunctionGraph FullAccess, in this project; an agency needs them as a policy.\n  help: done before: \
         update the code\n    the alias prod serves the version VERSION, as before\n    when the \
         reason is gone, run the same command again: it goes on from there"
    );
    assert_eq!(platform.release("!prod").as_deref(), Some("one"));
    // All of it is refused: nothing can be compared.
    refuse(&proxy, |_| true, 403, "FSS.0403", "Insufficient permissions.");
    let ran = run(&mut deploy(proxy.address, "two", &["--alias", "prod", "--yes"])).ended_with(1);
    assert_eq!(
        error(&ran),
        "error: list projects: IAM answered 403, FSS.0403: Insufficient permissions. (request id 7f2a). The \
         account needs rights for this, such as FunctionGraph FullAccess, in this project; an agency needs \
         them as a policy."
    );
}

#[test]
fn a_quota_is_told() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let create = |recorded: &Recorded| recorded.title() == "POST /functions";
    refuse(&proxy, create, 403, "FSS.1041", "The number of functions exceeds the limit.");
    let ran = run(&mut deploy(proxy.address, "one", &["--yes"])).ended_with(1);
    assert_eq!(
        error(&ran),
        "error: failed to create the function orders: FunctionGraph answered 403, FSS.1041: The number \
         of functions exceeds the limit. (request id 7f2a). 400 functions are the limit: delete some, or ask \
         for a higher quota.\n  help: there is no such function yet\n    when the reason is gone, run the same \
         command again: it goes on from there"
    );

    let alias = |recorded: &Recorded| recorded.title() == "POST /functions/URN/aliases";
    refuse(&proxy, alias, 403, "FSS.1043", "The number of aliases exceeds the limit.");
    let ran = run(&mut deploy(proxy.address, "one", &["--alias", "prod", "--yes"])).ended_with(1);
    assert_eq!(
        error(&ran),
        "error: failed to create the alias prod: FunctionGraph answered 403, \
         FSS.1043: The number of aliases exceeds the limit. (request id 7f2a). A function has at most 10 \
         aliases: delete one.\n  help: done before: create the function orders, publish the version VERSION\n    there is no alias prod \
         yet\n    when the reason is gone, run the same command again: it goes on \
         from there"
    );
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
    assert_eq!(
        before,
        "error: list projects: IAM answered 401, APIGW.0301: Incorrect IAM authentication information: \
         x-sdk-date expired (request id 7f2a). Set the clock of this machine: "
    );
    assert_eq!(after, "2006-01-02T15:04:05Z, and a signature is good for 15 minutes.");
}

#[test]
fn a_platform_that_is_not_there_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let ran = run(&mut deploy(address, "one", &["--yes"])).ended_with(3);
    assert_eq!(
        error(&ran).replace(&address.to_string(), "ADDRESS"),
        "error: list projects: ADDRESS: the connection was refused (Connection refused (os error 111)) \
         (4 attempts). No server listens there: look at the endpoint; a local one has to be started first."
    );
}
