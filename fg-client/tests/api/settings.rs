//! Region, project and endpoints: where they are found, and which come first.

use fg_client::credentials::Credentials;
use fg_client::{Builder, Client, Environment, Error, Identity, Service};
use serde_json::json;

use crate::server::{PROJECT, Reply, Server};

fn keys() -> Environment {
    Environment::empty().variable("HUAWEICLOUD_SDK_AK", "A").variable("HUAWEICLOUD_SDK_SK", "s")
}

fn with(environment: Environment) -> Builder {
    Client::builder().environment(environment)
}

async fn identity(builder: Builder) -> Identity {
    builder.build().expect("a client").identity().await.expect("an identity")
}

fn refused(builder: Builder) -> String {
    let error = builder.build().expect_err("not usable");
    assert!(matches!(error, Error::Settings(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn the_region_has_an_order() {
    let mut environment = keys().variable("HW_PROJECT_ID", PROJECT);
    for (name, region) in [
        ("HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_SOUTHWEST_2", "cn-southwest-2"),
        ("OS_REGION_NAME", "cn-north-1"),
        ("HW_REGION_NAME", "eu-de"),
    ] {
        let value = if name.contains("SDK") { "http://127.0.0.1:9" } else { region };
        environment = environment.variable(name, value);
        let found = identity(with(environment.clone())).await.region.expect("a region");
        assert_eq!(
            (found.value.as_str(), found.source.to_string()),
            (region, format!("variable {name}"))
        );
    }
    let found = identity(with(environment).region("tr-west-1")).await;
    assert_eq!(found.region.expect("a region").source.to_string(), "given by the program");
    assert_eq!(found.endpoint.value, "https://functiongraph.tr-west-1.myhuaweicloud.com");
    assert_eq!(found.endpoint.source.to_string(), "usual for the region");
}

#[tokio::test]
async fn the_project_has_an_order() {
    let mut environment = keys().variable("HW_REGION_NAME", "cn-north-4");
    let names = [
        "RUNTIME_PROJECT_ID",
        "OS_TENANT_ID",
        "OS_PROJECT_ID",
        "HW_PROJECT_ID",
        "HUAWEICLOUD_SDK_PROJECT_ID",
    ];
    for (number, name) in names.iter().enumerate() {
        environment = environment.variable(*name, format!("0{number}"));
        let project = identity(with(environment.clone())).await.project_id.expect("a project");
        assert_eq!(
            (project.value, project.source.to_string()),
            (format!("0{number}"), format!("variable {name}"))
        );
    }
    let project = identity(with(environment).project_id("0a")).await.project_id;
    assert_eq!(project.expect("a project").value, "0a");
}

#[tokio::test]
async fn iam_names_the_project_once() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/v3/projects" => {
            assert_eq!(seen.query, "name=cn-north-4");
            assert_eq!(seen.header("x-project-id"), None);
            Reply::json(200, json!({ "projects": [{ "id": PROJECT }] }).to_string())
        }
        path => {
            assert!(path.starts_with(&format!("/v2/{PROJECT}/fgs/")), "{path}");
            assert_eq!(seen.header("x-project-id"), Some(PROJECT));
            Reply::json(200, json!({ "quotas": {} }).to_string())
        }
    })
    .await;
    // The lines that a local FunctionGraph prints, and nothing else.
    let environment = keys()
        .variable("HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4", server.url())
        .variable("HUAWEICLOUD_SDK_REGION_LTS_CN_NORTH_4", server.url())
        .variable("HUAWEICLOUD_SDK_IAM_ENDPOINT", server.url());
    let client = with(environment).build().expect("a client");
    // Who it is otherwise, is known without a question.
    let known = client.known_identity().await.expect("an identity");
    assert!(known.project_id.is_none() && server.paths().is_empty());
    client.quotas().await.expect("quotas");
    client.clone().quotas().await.expect("quotas");
    assert_eq!(server.paths().iter().filter(|path| path.contains("projects")).count(), 1);
    let project = client.identity().await.expect("an identity").project_id;
    assert_eq!(project.expect("a project").source.to_string(), "IAM, by the region's name");
}

#[tokio::test]
async fn no_project_and_several_projects_are_told() {
    for (projects, told) in [
        (json!([]), "the account has no project cn-north-4"),
        (json!([{ "id": "p1" }, { "id": "p2" }]), "to one of p1, p2"),
    ] {
        let answer = json!({ "projects": projects }).to_string();
        let server = Server::start(move |_, _| Reply::json(200, answer.clone())).await;
        let client = with(keys()).region("cn-north-4").endpoint(server.url());
        let error = client.build().expect("a client").quotas().await.expect_err("no project");
        let text = error.to_string();
        assert!(text.contains(told) && text.contains("HUAWEICLOUD_SDK_PROJECT_ID"), "{text}");
    }
}

#[tokio::test]
async fn the_endpoint_has_an_order() {
    let environment =
        keys().variable("HW_REGION_NAME", "cn-north-4").variable("HW_PROJECT_ID", "0a");
    let name = "HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4";
    let environment = environment.variable(name, "http://127.0.0.1:1/,http://127.0.0.1:2");
    let endpoint = identity(with(environment.clone())).await.endpoint;
    assert_eq!(
        (endpoint.value.as_str(), endpoint.source.to_string()),
        ("http://127.0.0.1:1", format!("variable {name}"))
    );
    let environment = environment.variable("FG_ENDPOINT", "http://127.0.0.1:3");
    let endpoint = identity(with(environment.clone())).await.endpoint;
    assert_eq!(
        (endpoint.value.as_str(), endpoint.source.to_string()),
        ("http://127.0.0.1:3", "variable FG_ENDPOINT".to_owned())
    );
    let builder = with(environment).endpoint("http://127.0.0.1:4");
    assert_eq!(identity(builder.clone()).await.endpoint.value, "http://127.0.0.1:4");
    let builder = builder.service_endpoint(Service::FunctionGraph, "fg.example");
    assert_eq!(identity(builder).await.endpoint.value, "https://fg.example");
}

#[tokio::test]
async fn each_service_has_an_endpoint_of_its_own() {
    let answer = json!({ "projects": [{ "id": PROJECT }], "logs": [], "quotas": {} }).to_string();
    let mut servers = Vec::new();
    for _ in 0..4 {
        let answer = answer.clone();
        servers.push(Server::start(move |_, _| Reply::json(200, answer.clone())).await);
    }
    let environment = keys()
        .variable("HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_EU_DE", servers[0].url())
        .variable("HW_AUTH_URL", format!("{}/v3", servers[1].url()))
        .variable("HUAWEICLOUD_SDK_REGION_LTS_EU_DE", servers[2].url())
        .variable("HUAWEICLOUD_SDK_REGION_OBS_EU_DE", servers[3].url());
    let client = with(environment).build().expect("a client");
    client.quotas().await.expect("quotas");
    client.query_log("g", "s", &fg_client::logs::LogQuery::between(1, 2)).await.expect("lines");
    client.put_object("code", "a.zip", "application/zip", "zip").await.expect("an object");
    let paths: Vec<_> = servers.iter().map(Server::paths).collect();
    assert_eq!(
        paths,
        [
            vec![format!("GET /v2/{PROJECT}/fgs/quotas")],
            vec!["GET /v3/projects".to_owned()],
            vec![format!("POST /v2/{PROJECT}/groups/g/streams/s/content/query")],
            vec!["PUT /code/a.zip".to_owned()],
        ]
    );
}

#[tokio::test]
async fn inside_a_function_its_urn_and_credentials_are_enough() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let environment = Environment::empty().variable("FG_ENDPOINT", server.url());
    let client = with(environment).credentials("A", "s", "t0k3n").build().expect("a client");
    client.function(crate::server::urn()).config().await.expect("a configuration");
    let seen = server.seen();
    assert_eq!(seen[0].header("x-project-id"), Some(PROJECT));
    assert_eq!(seen[0].header("x-security-token"), Some("t0k3n"));
}

#[tokio::test]
async fn a_client_with_other_credentials_keeps_the_rest() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let client = with(keys()).endpoint(server.url()).build().expect("a client");
    let credentials = Credentials::new("B", "s").with_security_token("t0k3n");
    let other = client.with_credentials(credentials);
    other.function(crate::server::urn()).config().await.expect("a configuration");
    client.function(crate::server::urn()).config().await.expect("a configuration");
    let keys: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").is_some_and(|value| value.contains("Access=B,")))
        .collect();
    assert_eq!(keys, [true, false]);
}

#[test]
fn what_cannot_be_used_is_told_with_its_source() {
    let error = refused(with(keys().variable("HW_REGION_NAME", "evil.example/")));
    assert!(error.contains("not a region (variable HW_REGION_NAME)"), "{error}");
    let error = refused(with(keys()).region("cn-north-4").project_id("../a"));
    assert!(error.contains("not the id of a project (given by the program)"), "{error}");
    for url in ["ftp://a", "http://me:pw@a", "http://a/path", "http://a?b=c", "http://", "a b"] {
        let error = refused(with(keys().variable("FG_ENDPOINT", url)));
        assert!(error.contains("variable FG_ENDPOINT") && !error.contains("pw"), "{error}");
    }
    let error = refused(with(keys().variable("HTTPS_PROXY", "socks5://me:pw@a")));
    assert!(error.contains("HTTPS_PROXY has a scheme") && !error.contains("pw"), "{error}");
    let environment = keys()
        .variable("HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_CN_NORTH_4", "http://127.0.0.1:1")
        .variable("HUAWEICLOUD_SDK_REGION_FUNCTIONGRAPH_EU_DE", "http://127.0.0.1:1");
    assert!(refused(with(environment)).contains("are both set"));
}

#[tokio::test]
async fn object_storage_is_not_looked_for_at_a_local_endpoint() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let client =
        with(keys()).region("cn-north-4").endpoint(server.url()).build().expect("a client");
    let error = client.put_object("code", "a.zip", "application/zip", "zip").await;
    let text = error.expect_err("not known").to_string();
    assert!(text.contains("set the endpoint of OBS, too"), "{text}");
    assert!(server.seen().is_empty());
}
