//! Where credentials are found, and which come first.

use std::path::Path;

use fg_client::{Client, Environment, Error};
use tempfile::TempDir;

use crate::server::{Act, PROJECT, Reply, Server, misbehave};

const FILE: &str = "[basic]\nak = FILE\nsk = file-secret\n\n[global]\nak = GLOBAL\nsk = global-secret\n\n\
                    [work]\nak = WORK\nsk = work-secret\nsecurity_token = work-token\n\
                    project_id = 0a0a\ndomain_id = 0b0b\nregion = eu-de\n";

fn koocli(encrypt: &str, mode: &str) -> String {
    format!(
        r#"{{"current": "main", "authEncrypt": "{encrypt}", "language": "en", "profiles": [
            {{"name": "main", "mode": "{mode}", "accessKeyId": "KOOCLI", "secretAccessKey": "koocli-secret",
              "region": "ap-southeast-1", "projectId": "0c0c", "domainId": "0d0d",
              "ssoAuth": {{"stsToken": {{"accessKeyId": "SSO", "secretAccessKey": "sso-secret", "securityToken": "sso-token"}}}}}},
            {{"name": "other", "mode": "AKSK", "accessKeyId": "OTHER", "secretAccessKey": "other-secret"}},
            {{"name": "agency", "mode": "AKSK", "accessKeyId": "A", "secretAccessKey": "s", "agencyName": "deployer"}},
            {{"name": "empty"}}]}}"#
    )
}

fn write(home: &Path, path: &str, content: &str) {
    let path = home.join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, content).expect("a file");
}

/// A home folder with both files.
fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a folder");
    write(home.path(), ".huaweicloud/credentials", FILE);
    write(home.path(), ".hcloud/config.json", &koocli("false", "AKSK"));
    home
}

/// The access key, and where it was found.
async fn found(environment: Environment) -> (String, String) {
    let client =
        Client::builder().environment(environment).region("cn-north-4").project_id(PROJECT);
    let identity = client.build().expect("a client").identity().await.expect("an identity");
    (identity.access_key.value, identity.access_key.source.to_string())
}

fn refused(environment: Environment) -> String {
    let error = Client::builder().environment(environment).build().expect_err("no credentials");
    assert!(matches!(error, Error::Credentials(_)), "{error}");
    let text = format!("{error}{error:?}");
    assert!(!text.contains("secret-value"), "{text}");
    error.to_string()
}

#[tokio::test]
async fn each_source_comes_before_those_below_it() {
    let home = home();
    let metadata = metadata(None).await;
    let mut environment = Environment::empty().home(home.path()).metadata(metadata.url());
    for (access_key, secret_key) in [
        ("OS_ACCESS_KEY", "OS_SECRET_KEY"),
        ("HW_ACCESS_KEY", "HW_SECRET_KEY"),
        ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"),
    ] {
        let (_, source) = found(environment.clone()).await;
        assert!(!source.contains(access_key), "{source}");
        environment = environment.variable(access_key, access_key).variable(secret_key, "s");
        let (value, source) = found(environment.clone()).await;
        assert_eq!((value.as_str(), source), (access_key, format!("variable {access_key}")));
    }
    let client = Client::builder().environment(environment).credentials("CODE", "s", "");
    let client = client.region("cn-north-4").project_id(PROJECT).build().expect("a client");
    let identity = client.identity().await.expect("an identity");
    assert_eq!(identity.access_key.value, "CODE");
    assert_eq!(identity.access_key.source.to_string(), "given by the program");
    assert!(metadata.seen().is_empty(), "only asked if there is nothing else");
}

#[tokio::test]
async fn files_come_in_their_order_and_name_their_sections() {
    let home = home();
    let environment = Environment::empty().home(home.path());
    let (value, source) = found(environment.clone()).await;
    let path = home.path().join(".huaweicloud").join("credentials");
    assert_eq!(
        (value.as_str(), source),
        ("FILE", format!("file {}, section basic", path.display()))
    );

    write(home.path(), ".huaweicloud/credentials", &FILE.replace("[basic]", "[other]"));
    let (value, source) = found(environment.clone()).await;
    assert!(value == "GLOBAL" && source.ends_with("section global"), "{value} {source}");

    std::fs::remove_file(path).expect("removed");
    let (value, source) = found(environment.clone()).await;
    assert!(value == "KOOCLI" && source.ends_with("config.json, profile main"), "{value} {source}");
    let (value, _) = found(environment.variable("HW_PROFILE", "other")).await;
    assert_eq!(value, "OTHER");
}

#[tokio::test]
async fn files_may_be_elsewhere() {
    let home = home();
    let environment = |name: &str, path: &str| {
        Environment::empty().variable(name, home.path().join(path).to_string_lossy())
    };
    let (value, _) =
        found(environment("HUAWEICLOUD_SDK_CREDENTIALS_FILE", ".huaweicloud/credentials")).await;
    assert_eq!(value, "FILE");
    let (value, _) = found(environment("HW_SHARED_CONFIG_FILE", ".hcloud/config.json")).await;
    assert_eq!(value, "KOOCLI");
    for name in ["HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HW_SHARED_CONFIG_FILE"] {
        let error = refused(environment(name, "nowhere"));
        assert!(error.contains("nowhere does not exist") && error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_profile_is_taken_as_a_whole() {
    let home = home();
    let environment = Environment::empty()
        .home(home.path())
        .variable("HUAWEICLOUD_SDK_AK", "VARIABLE")
        .variable("HUAWEICLOUD_SDK_SK", "s")
        .variable("HW_REGION_NAME", "cn-north-1")
        .variable("HW_PROJECT_ID", "0e0e");
    let of = |name: &str| Client::builder().environment(environment.clone()).profile(name);
    let identity = of("work").build().expect("a client").identity().await.expect("an identity");
    assert_eq!(identity.access_key.value, "WORK");
    assert!(identity.is_temporary);
    assert_eq!(identity.region.expect("a region").value, "eu-de");
    assert_eq!(identity.project_id.expect("a project").value, "0a0a");
    assert_eq!(identity.domain_id.expect("an account").value, "0b0b");
    assert_eq!(identity.endpoint.value, "https://functiongraph.eu-de.otc.t-systems.com");

    let client = of("other").project_id(PROJECT).build().expect("a client");
    let identity = client.identity().await.expect("an identity");
    assert_eq!(identity.access_key.value, "OTHER");
    assert_eq!(identity.region.expect("a region").value, "cn-north-1");
    assert_eq!(identity.domain_id, None);

    let error = of("missing").build().expect_err("no profile").to_string();
    assert!(
        error.contains("no profile \"missing\"") && error.contains("no section missing"),
        "{error}"
    );
}

#[tokio::test]
async fn project_and_region_of_a_profile_are_used_with_its_keys_only() {
    let home = home();
    std::fs::remove_file(home.path().join(".huaweicloud/credentials")).expect("removed");
    let environment = Environment::empty().home(home.path());
    let client = Client::builder().environment(environment.clone()).build().expect("a client");
    let identity = client.identity().await.expect("an identity");
    assert_eq!(
        identity.region.as_ref().map(fg_client::credentials::Found::as_str),
        Some("ap-southeast-1")
    );
    assert_eq!(identity.project_id.expect("a project").value, "0c0c");
    let environment = environment.variable("HW_ACCESS_KEY", "A").variable("HW_SECRET_KEY", "s");
    let client = Client::builder().environment(environment).build().expect("a client");
    let error = client.identity().await.expect_err("no region");
    assert!(error.to_string().contains("set HW_REGION_NAME"), "{error}");
}

#[tokio::test]
async fn a_single_sign_on_has_temporary_keys() {
    let home = tempfile::tempdir().expect("a folder");
    write(home.path(), ".hcloud/config.json", &koocli("false", "SSO"));
    let environment = Environment::empty().home(home.path());
    let client = Client::builder().environment(environment.clone()).build().expect("a client");
    let identity = client.identity().await.expect("an identity");
    assert!(identity.access_key.value == "SSO" && identity.is_temporary);
    let empty =
        koocli("false", "SSO").replace("\"SSO\", \"secretAccessKey\": \"sso-secret\"", "\"\"");
    write(home.path(), ".hcloud/config.json", &empty);
    assert!(refused(environment).contains("hcloud configure sso"));
}

#[test]
fn encrypted_keys_are_refused_with_the_command_that_helps() {
    let home = tempfile::tempdir().expect("a folder");
    let environment = Environment::empty().home(home.path());
    let plain = koocli("false", "AKSK");
    let encrypted = plain.replace("KOOCLI", "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=");
    for config in [koocli("true", "AKSK"), encrypted.replace("\"authEncrypt\": \"false\", ", "")] {
        write(home.path(), ".hcloud/config.json", &config);
        let error = refused(environment.clone());
        assert!(error.contains("hcloud configure set --cli-auth-encrypt=false"), "{error}");
    }
}

#[test]
fn half_a_source_is_an_error() {
    let environment = Environment::empty().variable("HW_ACCESS_KEY", "secret-value");
    assert!(refused(environment).contains("HW_ACCESS_KEY is set, but HW_SECRET_KEY is not"));
    let environment = Environment::empty().variable("HUAWEICLOUD_SDK_SK", "secret-value");
    assert!(refused(environment).contains("HUAWEICLOUD_SDK_AK is not"));

    let home = tempfile::tempdir().expect("a folder");
    let environment = Environment::empty().home(home.path());
    write(home.path(), ".huaweicloud/credentials", "[basic]\nsk = secret-value\n");
    assert!(refused(environment.clone()).contains("there is no ak"));
    write(home.path(), ".huaweicloud/credentials", "[basic]\nidp_id = secret-value\n");
    assert!(refused(environment.clone()).contains("identity providers"));
    write(home.path(), ".huaweicloud/credentials", "[basic]\nsecret-value\n");
    assert!(refused(environment.clone()).contains("line 2: neither [section] nor key = value"));
    std::fs::remove_file(home.path().join(".huaweicloud/credentials")).expect("removed");
    write(home.path(), ".hcloud/config.json", "{\"profiles\": \"secret-value\"}");
    assert!(refused(environment.clone()).contains("not a configuration of KooCLI: line 1"));
    write(home.path(), ".hcloud/config.json", &koocli("false", "AKSK"));
    let error = refused(environment.clone().variable("HW_PROFILE", "agency"));
    assert!(error.contains("agency \"deployer\""), "{error}");
    let error = refused(environment.variable("HW_PROFILE", "missing"));
    assert!(error.contains("correct HW_PROFILE"), "{error}");
}

#[test]
fn nothing_found_says_where_was_looked_and_what_to_do() {
    let home = tempfile::tempdir().expect("a folder");
    let empty = Environment::empty().variable("HW_ACCESS_KEY", "").variable("HW_SECRET_KEY", " ");
    let error = refused(empty.home(home.path()));
    for part in [
        "OS_ACCESS_KEY",
        "credentials does not exist",
        "config.json does not exist",
        "My Credentials",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

/// A metadata service whose tokens are of this status; 200 if `None`.
async fn metadata(token_status: Option<u16>) -> Server {
    Server::start(move |_, seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PUT", "/meta-data/latest/api/token") => {
            assert_eq!(seen.header("x-metadata-token-ttl-seconds"), Some("21600"));
            Reply::json(token_status.unwrap_or(200), "metadata-token")
        }
        ("GET", "/openstack/latest/securitykey") => {
            let expected = if token_status.is_none() { Some("metadata-token") } else { None };
            assert_eq!(seen.header("x-metadata-token"), expected);
            let key = r#"{"credential":{"access":"AGENCY","secret":"secret-value","securitytoken":"t0k3n",
                         "expires_at":"2026-01-01T00:00:00.000000Z"}}"#;
            Reply::json(200, key)
        }
        (_, "/v2/0123456789abcdef0123456789abcdef/fgs/quotas") => {
            assert_eq!(seen.header("x-security-token"), Some("t0k3n"));
            Reply::json(200, r#"{"quotas":{}}"#)
        }
        other => panic!("{other:?}"),
    })
    .await
}

#[tokio::test]
async fn an_agency_of_a_cloud_server_gives_temporary_keys() {
    for token_status in [None, Some(404), Some(405), Some(503)] {
        let server = metadata(token_status).await;
        let environment = Environment::empty().metadata(server.url());
        let client = Client::builder().environment(environment).endpoint(server.url());
        let client = client.project_id(PROJECT).region("cn-north-4").build().expect("a client");
        assert!(server.seen().is_empty(), "asked before it is needed");
        let identity = client.identity().await.expect("an identity");
        assert_eq!(identity.access_key.value, "AGENCY");
        assert_eq!(
            identity.access_key.source.to_string(),
            format!("metadata service {}", server.url())
        );
        assert!(identity.is_temporary && identity.expires_at.is_some());
        client.quotas().await.expect("quotas");
        // They have ended, so that each request asks anew.
        assert_eq!(server.seen().len(), 5);
    }
}

#[tokio::test]
async fn keys_that_last_are_asked_for_once() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/openstack/latest/securitykey" => Reply::json(
            200,
            r#"{"credential":{"access":"AGENCY","secret":"s","securitytoken":"t","expires_at":"2999-01-01T00:00:00Z"}}"#,
        ),
        "/meta-data/latest/api/token" => Reply::json(200, "metadata-token"),
        _ => Reply::json(200, r#"{"quotas":{}}"#),
    })
    .await;
    let environment = Environment::empty().metadata(server.url());
    let client = Client::builder().environment(environment).endpoint(server.url());
    let client = client.project_id(PROJECT).build().expect("a client");
    client.quotas().await.expect("quotas");
    client.clone().quotas().await.expect("quotas");
    assert_eq!(server.paths().iter().filter(|path| path.contains("securitykey")).count(), 1);
}

#[tokio::test]
async fn a_metadata_service_without_keys_is_told_with_all_else() {
    let none = Server::start(|_, _| Reply::json(404, "{}")).await;
    let silent = misbehave(vec![Act::Wait]).await.0;
    for url in [none.url(), "http://127.0.0.1:9".to_owned(), silent] {
        let environment = Environment::empty().metadata(url.clone());
        let client = Client::builder().environment(environment).project_id(PROJECT);
        let client = client.region("cn-north-4").build().expect("a client");
        let started = std::time::Instant::now();
        let error = client.quotas().await.expect_err("no credentials").to_string();
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
        assert!(error.contains("no credentials: neither HUAWEICLOUD_SDK_AK"), "{error}");
        assert!(error.contains(&format!("metadata service {url}")), "{error}");
    }
}
