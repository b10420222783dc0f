//! Nothing secret is in what a program may print: errors, and `Debug` of all that is public.

use fg_client::credentials::Credentials;
use fg_client::functions::{
    CreateFunction, FunctionCode, UpdateCode, UpdateConfiguration, UserData,
};
use fg_client::triggers::CreateTrigger;
use fg_client::{Client, Environment, Secret};
use serde_json::json;

use crate::server::{Act, Reply, Server, builder, misbehave, urn};

const SECRET_KEY: &str = "s3cr3t-key";
const TOKEN: &str = "s3cr3t-token";

#[tokio::test]
async fn no_error_has_a_secret_even_if_the_server_repeats_it() {
    let answers = [
        Reply::json(
            401,
            json!({ "error_code": "s3cr3t-key", "error_msg": "s3cr3t-token" }).to_string(),
        )
        .header("location", "http://a/s3cr3t-key"),
        Reply::json(403, "<html>s3cr3t-token s3cr3t-key"),
        Reply::json(200, "[\"s3cr3t-key\"]"),
        Reply::json(302, "").header("location", "http://a/s3cr3t-key"),
    ];
    for answer in answers {
        let server = Server::start(move |_, _| answer.clone()).await;
        let client = builder(&server.url()).credentials("A", SECRET_KEY, TOKEN);
        let client = client.build().expect("a client");
        let error = client.function(urn()).config().await.expect_err("an error");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    let (url, _) = misbehave(vec![Act::Write("s3cr3t-key\r\n\r\n")]).await;
    let client = builder(&url).credentials("A", SECRET_KEY, TOKEN).build().expect("a client");
    let error = client.function(urn()).config().await.expect_err("an error");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[tokio::test]
async fn the_secret_key_is_not_sent() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let client = builder(&server.url()).credentials("A", SECRET_KEY, TOKEN);
    client.build().expect("a client").function(urn()).config().await.expect("a configuration");
    let text = format!("{:?}", server.seen());
    assert!(text.contains(TOKEN) && !text.contains(SECRET_KEY), "{text}");
}

#[tokio::test]
async fn debug_prints_no_secret() {
    let environment = Environment::empty()
        .variable("HUAWEICLOUD_SDK_AK", "A")
        .variable("HUAWEICLOUD_SDK_SK", SECRET_KEY)
        .variable("HTTPS_PROXY", "http://me:s3cr3t@proxy.example:3128");
    let builder =
        Client::builder().environment(environment.clone()).region("cn-north-4").project_id("0a");
    let client = builder.clone().build().expect("a client");
    let credentials = Credentials::new("A", SECRET_KEY).with_security_token(TOKEN);
    let variables: UserData = [("TOKEN", "s3cr3t")].into_iter().collect();
    let mut function = CreateFunction::new("greet", "Custom", "bootstrap").zip("a.zip", b"s3cr3t");
    function.user_data = Some(variables.clone());
    function.encrypted_user_data = Some(variables.clone());
    function.other.set("password", "s3cr3t");
    let mut configuration = UpdateConfiguration::new("greet", "Custom", "bootstrap", 128, 3);
    configuration.encrypted_user_data = Some(variables.clone());
    let data = json!({ "db_password": "s3cr3t" });
    let trigger = CreateTrigger::new("DDS", data.as_object().cloned().unwrap_or_default());
    let printed = [
        format!("{environment:?} {builder:?} {client:?} {credentials:?} {:?}", credentials.key()),
        format!("{function:?} {configuration:?} {trigger:?} {variables:?}"),
        format!("{:?} {:?}", UpdateCode::zip("a.zip", b"s3cr3t"), FunctionCode::zip(b"s3cr3t")),
        format!("{:?} {:?}", client.identity().await.expect("an identity"), Secret::new("s3cr3t")),
        format!("{:?} {:?}", client.function(urn()), client.swr_login().await.expect("a login")),
    ];
    let base64 = "czNjcjN0";
    for text in printed {
        assert!(!text.contains("s3cr3t") && !text.contains(base64), "{text}");
    }
}
