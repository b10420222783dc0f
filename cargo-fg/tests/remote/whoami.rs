//! `cargo fg whoami`.

use std::net::TcpListener;

use serde_json::json;

use crate::platform::{ACCESS_KEY, PROJECT, Platform, run};

#[test]
fn each_value_is_shown_with_its_source() {
    let platform = Platform::start();
    let endpoint = platform.endpoint();
    let ran = platform.run(&["whoami"], 0);
    assert_eq!(
        ran.stdout,
        format!(
            "\
access key  AccessKeyOfAda                    variable HUAWEICLOUD_SDK_AK
            permanent
account     local (local)                     asked of IAM
region      cn-north-4                        variable HW_REGION_NAME
project     {PROJECT}  asked of IAM
endpoint    {endpoint:<32}  variable FG_ENDPOINT
"
        )
    );
    assert_eq!(ran.stderr, "");

    let flags = ["whoami", "--region", "eu-de", "--project-id", PROJECT, "--endpoint", &endpoint];
    let shown = platform.run(&flags, 0).stdout;
    for line in
        ["region      eu-de                             --region", "--project-id", "--endpoint"]
    {
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn a_profile_is_named_with_its_file() {
    let platform = Platform::start();
    let credentials =
        "[work]\nak = AccessKeyOfAda\nsk = secret-key-of-ada\nsecurity_token = s3cr3t\n";
    platform.write(".huaweicloud/credentials", credentials);
    let shown = platform.run(&["whoami", "--profile", "work", "--output", "json"], 0).json();
    let file = platform.home.path().join(".huaweicloud/credentials");
    assert_eq!(
        shown,
        json!({
            "access_key": {
                "value": ACCESS_KEY,
                "source": format!("file {}, section work", file.display()),
            },
            "temporary": true,
            "expires_at": null,
            "account": {"id": "local", "name": "local"},
            "region": {"value": "cn-north-4", "source": "variable HW_REGION_NAME"},
            "project_id": {"value": PROJECT, "source": "asked of IAM"},
            "endpoint": {"value": platform.endpoint(), "source": "variable FG_ENDPOINT"},
            "valid": true,
            "error": null,
        })
    );
    let missing = platform.run(&["whoami", "--profile", "home"], 2);
    assert!(missing.stderr.contains("there is no profile \"home\""), "{}", missing.stderr);
}

#[test]
fn credentials_that_are_not_valid_are_shown_with_their_source() {
    let platform = Platform::start();
    let mut command = platform.fg(&["whoami"]);
    let ran = run(command.env("HUAWEICLOUD_SDK_SK", "another"), 1);
    let endpoint = platform.endpoint();
    assert_eq!(
        ran.stdout,
        format!(
            "\
access key  {ACCESS_KEY:<22}  variable HUAWEICLOUD_SDK_AK
            permanent
account     not known
region      cn-north-4              variable HW_REGION_NAME
project     not known
endpoint    {endpoint}  variable FG_ENDPOINT
"
        )
    );
    let told =
        "error: these credentials are not valid\n  because: show the account: IAM answered 401";
    assert!(ran.stderr.starts_with(told), "{}", ran.stderr);
    assert!(ran.stderr.contains("Access key or secret key is wrong"), "{}", ran.stderr);
    let mut command = platform.fg(&["whoami", "--output", "json"]);
    let json = run(command.env("HUAWEICLOUD_SDK_SK", "another"), 1).json();
    assert_eq!((&json["valid"], &json["account"]), (&json!(false), &json!(null)));
    assert!(json["error"].as_str().expect("a reason").contains("401"), "{json}");
}

#[test]
fn without_credentials_it_says_where_they_were_looked_for() {
    let platform = Platform::start();
    let ran = run(&mut platform.fg_without_credentials(&["whoami"]), 2);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: no credentials: neither HUAWEICLOUD_SDK_AK"), "{ran:?}");
    assert!(ran.stderr.contains("Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"), "{ran:?}");
}

#[test]
fn an_endpoint_that_is_not_there_is_a_failure_of_the_network() {
    let platform = Platform::start();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let endpoint = format!("http://127.0.0.1:{port}");
    let ran = platform.run(&["whoami", "--endpoint", &endpoint], 3);
    assert!(ran.stdout.contains("account     not known\n"), "{ran:?}");
    assert!(ran.stderr.contains("the connection was refused"), "{ran:?}");
    assert!(ran.stderr.contains("a local one has to be started first"), "{ran:?}");
}

#[test]
fn its_help_has_the_order_of_the_sources() {
    let help = Platform::start().run(&["whoami", "--help"], 0).stdout;
    let mut from = 0;
    for source in [
        "--profile NAME:",
        "HUAWEICLOUD_SDK_AK",
        "HW_ACCESS_KEY",
        "OS_ACCESS_KEY",
        "KooCLI's",
        "metadata",
    ] {
        let at = help[from..].find(source).unwrap_or_else(|| panic!("{source}: {help}"));
        from += at;
    }
}
