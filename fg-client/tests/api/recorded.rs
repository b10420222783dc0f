//! Each request is compared with what the official Python SDK sends for the same operation, see
//! `tests/recorded/record.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fg_client::aliases::{CreateAlias, UpdateAlias, VersionRule, VersionStrategy};
use fg_client::functions::{
    AccessVpc, CreateFunction, CustomImage, Export, FunctionCode, FunctionMount, ListFunctions,
    LogConfig, MountConfig, MountUser, NetworkController, PublishVersion, StrategyConfig,
    UpdateCode, UpdateConfiguration, UserData, Vpc,
};
use fg_client::invocations::{
    Destination, DestinationConfig, InvokeOptions, ListAsyncInvocations, ResponseVersion,
    UpdateAsyncConfig,
};
use fg_client::logs::LogQuery;
use fg_client::resources::{
    CronConfig, ListReservedInstances, ReserveInstances, TacticsConfig, Tag,
};
use fg_client::sign::{Key, ObsRequest, Request, sign, sign_obs};
use fg_client::triggers::{CreateTrigger, UpdateTrigger};
use fg_client::{Client, Other, Service};
use serde_json::{Map, Value, json};

use crate::server::{ACCESS_KEY, PROJECT, Reply, SECRET_KEY, Seen, Server, builder, urn};

const TOKEN: &str = "recorded-token";

/// What differs on purpose: the recording, or `*` for all, what of it, and why.
const MEANT: [(&str, &str, &str); 5] = [
    ("*", "header content-type of an empty body", "the SDK names a type where there is nothing"),
    (
        "list_projects",
        "header x-domain-id",
        "IAM knows the account from the key; the SDK's own look-up of a project does without, too",
    ),
    ("list_domains", "header x-domain-id", "as above"),
    (
        "update_trigger_data",
        "body",
        "an array in the SDK, an object in the released provider of Terraform, as in answers",
    ),
    ("put_object", "path", "the server of the tests has no host that a bucket could be put before"),
];

fn is_meant(name: &str, what: &str) -> bool {
    MEANT.iter().any(|(of, differs, _)| (*of == "*" || *of == name) && *differs == what)
}

fn recordings() -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let files = std::fs::read_dir(folder).expect("the recordings");
    files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let content = std::fs::read_to_string(&path).expect("a recording");
            (name, serde_json::from_str(&content).expect("JSON"))
        })
        .collect()
}

#[tokio::test]
async fn each_request_is_what_the_official_sdk_sends() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 48);
    let projects = json!({ "projects": [{ "id": PROJECT, "name": "cn-north-4" }] }).to_string();
    let server = Server::start(move |_, seen| match seen.path.as_str() {
        "/v3/projects" => Reply::json(200, projects.clone()),
        _ => Reply::json(200, "{}"),
    })
    .await;
    let mut differences = Vec::new();
    for (name, recording) in &recordings {
        let before = server.seen().len();
        let builder = builder(&server.url()).service_endpoint(Service::Obs, server.url());
        let client = match name.as_str() {
            "with_security_token" | "put_object" => {
                builder.credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
            }
            _ => builder,
        };
        perform(name, &client.build().expect("a client")).await;
        let seen = server.seen();
        assert_eq!(seen.len(), before + 1, "{name}");
        for (what, ours, theirs) in compare(recording, &seen[before]) {
            if !is_meant(name, &what) {
                differences.push(format!("{name}: {what}: we {ours}, the SDK {theirs}"));
            }
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

fn compare(recording: &Value, seen: &Seen) -> Vec<(String, String, String)> {
    let mut differences = Vec::new();
    let mut differ = |what: String, ours: String, theirs: String| {
        if ours != theirs {
            differences.push((what, ours, theirs));
        }
    };
    let text = |name: &str| recording[name].as_str().unwrap_or_default().to_owned();
    differ("method".into(), seen.method.clone(), text("method"));
    differ("path".into(), seen.path.clone(), text("path"));
    let sorted = |query: &str| {
        query.split('&').map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let query = |query: &str| sorted(query).join("&");
    differ("query".into(), query(&seen.query), query(&text("query")));

    let ours: Value = serde_json::from_slice(&seen.body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&seen.body).into());
    differ("body".into(), ours.to_string(), recording["body"].to_string());

    let theirs = recording["headers"].as_object().expect("headers");
    let left_out = ["authorization", "x-sdk-date", "date", "host", "user-agent", "content-length"];
    let mut names: BTreeSet<&str> = theirs.keys().map(String::as_str).collect();
    names.extend(seen.headers.iter().map(|(name, _)| name.as_str()));
    for name in names.into_iter().filter(|name| !left_out.contains(name)) {
        let what = match name {
            "content-type" if seen.body.is_empty() => format!("header {name} of an empty body"),
            _ => format!("header {name}"),
        };
        let ours = seen.header(name).unwrap_or("nothing").to_owned();
        let theirs = theirs.get(name).and_then(Value::as_str).unwrap_or("nothing").to_owned();
        differ(what, ours, theirs);
    }
    differences
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn fields(value: &Value) -> Other {
    value.as_object().cloned().unwrap_or_else(Map::new).into()
}

fn variables(name: &str, value: &str) -> Option<UserData> {
    Some([(name, value)].into_iter().collect())
}

/// Makes the request of a recording. What the stub answers is not an answer to most of them.
async fn perform(name: &str, client: &Client) {
    let function = client.function(urn());
    match name {
        "create_function" => drop(client.create_function(&full_function()).await),
        "create_image_function" => drop(client.create_function(&image_function()).await),
        "list_functions" => {
            let mut which = ListFunctions::default();
            which.marker = Some(100);
            which.maxitems = Some(400);
            which.package_name = some("default");
            which.func_name = some("gr&et");
            drop(client.list_functions(&which).await);
        }
        "show_function_config" => drop(function.config().await),
        "show_function_config_of_alias" => {
            drop(client.function(urn().with_alias("prod")).config().await);
        }
        "show_function_code" => drop(function.code().await),
        "update_function_code" => {
            let mut code = UpdateCode::zip("greet.zip", b"PK\x05\x06");
            code.depend_version_list = Some(vec!["d-1".to_owned()]);
            drop(function.update_code(&code).await);
        }
        "update_function_code_from_obs" => {
            let url = "https://code.obs.cn-north-4.myhuaweicloud.com/greet.zip";
            drop(function.update_code(&UpdateCode::obs(url)).await);
        }
        "update_function_config" => drop(function.update_config(&configuration()).await),
        "update_function_max_instance_config" => drop(function.set_max_instances(-1).await),
        "delete_function" => drop(function.delete().await),
        "create_function_version" => {
            let mut version = PublishVersion::default();
            version.version = some("v1");
            version.description = some("first");
            version.digest = some("d");
            drop(function.publish(&version).await);
        }
        "list_function_versions" => drop(function.versions().await),
        "create_version_alias" => {
            let mut alias = CreateAlias::new("prod", "v1");
            alias.description = some("live");
            alias.additional_version_weights = Some(BTreeMap::from([("v2".to_owned(), 10)]));
            drop(function.create_alias(&alias).await);
        }
        "create_version_alias_with_strategy" => {
            let mut alias = CreateAlias::new("prod", "v1");
            let rule = VersionRule {
                rule_type: "Header".to_owned(),
                param: "X-Beta".to_owned(),
                op: "=".to_owned(),
                value: "1".to_owned(),
            };
            let strategy = VersionStrategy { combine_type: some("and"), rules: vec![rule] };
            alias.additional_version_strategy = Some(BTreeMap::from([("v2".to_owned(), strategy)]));
            drop(function.create_alias(&alias).await);
        }
        "list_version_aliases" => drop(function.aliases().await),
        "show_version_alias" => drop(function.alias("prod").await),
        "update_version_alias" => {
            let mut alias = UpdateAlias::new("v2");
            alias.description = some("live");
            drop(function.update_alias("prod", &alias).await);
        }
        "delete_version_alias" => drop(function.delete_alias("prod").await),
        _ => perform_more(name, client).await,
    }
}

async fn perform_more(name: &str, client: &Client) {
    let function = client.function(urn());
    match name {
        "create_function_trigger" => {
            let data = json!({
                "name": "nightly", "schedule_type": "Cron", "schedule": "0 15 2 * * ?",
            });
            let mut trigger = CreateTrigger::new("TIMER", fields(&data));
            trigger.trigger_status = some("ACTIVE");
            trigger.event_type_code = some("MessageCreated");
            drop(function.create_trigger(&trigger).await);
        }
        "list_function_triggers" => drop(function.triggers().await),
        "show_function_trigger" => drop(function.trigger("TIMER", "t-1").await),
        "update_trigger" => {
            let mut trigger = UpdateTrigger::default();
            trigger.trigger_status = some("DISABLED");
            drop(function.update_trigger("TIMER", "t-1", &trigger).await);
        }
        "update_trigger_data" => {
            let mut trigger = UpdateTrigger::default();
            trigger.trigger_status = some("ACTIVE");
            let data = json!({ "polling_interval": 30, "polling_unit": "s" });
            trigger.event_data = Some(fields(&data));
            drop(function.update_trigger("DIS", "t-1", &trigger).await);
        }
        "delete_function_trigger" => drop(function.delete_trigger("TIMER", "t-1").await),
        "batch_delete_function_triggers" => drop(function.delete_triggers().await),
        "invoke_function" => {
            let mut options = InvokeOptions::default();
            options.log_tail = true;
            drop(function.invoke_with(r#"{"name":"Ada"}"#, &options).await);
        }
        "invoke_function_v0" => {
            let mut options = InvokeOptions::default();
            options.version = ResponseVersion::V0;
            let function = client.function(urn().with_alias("prod"));
            drop(function.invoke_with(r#"{"name":"Ada"}"#, &options).await);
        }
        "async_invoke_function" => {
            drop(function.invoke_async(&json!({ "name": "Ada" })).await);
        }
        "list_async_invocations" => {
            let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_741_323);
            let mut which = ListAsyncInvocations::default();
            which.request_id = some("r-1");
            which.limit = Some(50);
            which.marker = Some(10);
            which.status = some("FAIL");
            which.from = Some(from);
            which.to = Some(from + Duration::from_secs(3600));
            drop(function.async_invocations(&which).await);
        }
        "show_function_async_invoke_config" => drop(function.async_config().await),
        "update_function_async_invoke_config" => {
            let mut failed = Destination::default();
            failed.destination = some("SMN");
            failed.param = some(r#"{"topic_urn":"t"}"#);
            let mut destinations = DestinationConfig::default();
            destinations.on_failure = Some(failed);
            let mut configuration = UpdateAsyncConfig::default();
            configuration.max_async_event_age_in_seconds = Some(3600);
            configuration.max_async_retry_attempts = Some(1);
            configuration.enable_async_status_log = Some(true);
            configuration.destination_config = Some(destinations);
            drop(function.update_async_config(&configuration).await);
        }
        "delete_function_async_invoke_config" => drop(function.delete_async_config().await),
        "list_function_tags" => drop(function.tags().await),
        "create_tags" => drop(function.create_tags(&[Tag::new("team", "a")]).await),
        "delete_tags" => drop(function.delete_tags(&[Tag::new("team", "a")]).await),
        "update_function_reserved_instances_count" => {
            let mut day = CronConfig::default();
            day.name = some("day");
            day.cron = some("0 0 8 * * ?");
            (day.count, day.start_time, day.expired_time) = (Some(4), Some(1), Some(2));
            let mut tactics = TacticsConfig::default();
            tactics.cron_configs = Some(vec![day]);
            let mut instances = ReserveInstances::new(2);
            instances.idle_mode = Some(true);
            instances.tactics_config = Some(tactics);
            let function = client.function(urn().with_version("v1"));
            drop(function.reserve_instances(&instances).await);
        }
        "list_reserved_instance_configs" => {
            let mut which = ListReservedInstances::default();
            which.function_urn = Some(urn());
            which.marker = Some(0);
            which.limit = Some(100);
            drop(client.reserved_instances(&which).await);
        }
        "list_quotas" | "with_security_token" => drop(client.quotas().await),
        "enable_lts_logs" => drop(client.enable_lts_logs().await),
        "show_lts_log_details" => drop(function.log_details().await),
        "export_function" => drop(function.export(Export::All).await),
        "list_logs" => {
            let mut query = LogQuery::between(1, 2);
            query.keywords = some("r-1");
            query.is_desc = Some(true);
            query.limit = Some(100);
            query.line_num = some("7");
            query.search_type = some("forwards");
            query.labels = Some(BTreeMap::from([("a".to_owned(), "b".to_owned())]));
            drop(client.query_log("g-1", "s-1", &query).await);
        }
        "list_projects" | "project_lookup" => drop(client.projects(Some("cn-north-4")).await),
        "list_domains" => drop(client.domains().await),
        "put_object" => {
            let (key, content) = ("functions/greet 1.zip", "zip content");
            drop(client.put_object("code", key, "application/zip", content).await);
        }
        other => panic!("there is a recording {other}, but no request for it"),
    }
}

fn full_function() -> CreateFunction {
    let mut function = CreateFunction::new("greet", "Custom", "bootstrap");
    (function.timeout, function.memory_size) = (30, 256);
    function.code_type = some("zip");
    function.code_filename = some("greet.zip");
    function.func_code = Some(FunctionCode::zip(b"PK\x05\x06"));
    function.user_data = variables("GREETING", "Hello");
    function.encrypted_user_data = variables("TOKEN", "t");
    function.xrole = some("config-agency");
    function.app_xrole = some("app-agency");
    function.description = some("Greets. 问候");
    function.initializer_handler = some("init");
    function.initializer_timeout = Some(10);
    function.pre_stop_handler = some("stop");
    function.pre_stop_timeout = Some(5);
    function.enterprise_project_id = some("0");
    function.enable_lts_log = Some(true);
    function.enable_dynamic_memory = Some(true);
    function.is_stateful_function = Some(false);
    function.lts_custom_tag = Some(BTreeMap::from([("team".to_owned(), "a".to_owned())]));
    function.depend_version_list = Some(vec!["d-1".to_owned()]);
    let mut log = LogConfig::default();
    (log.group_name, log.group_id) = (some("g"), some("g-1"));
    (log.stream_name, log.stream_id) = (some("s"), some("s-1"));
    function.log_config = Some(log);
    let mut vpc = AccessVpc::default();
    (vpc.vpc_name, vpc.vpc_id) = (some("v"), some("v-1"));
    let mut network = NetworkController::default();
    network.disable_public_network = Some(true);
    network.trigger_access_vpcs = Some(vec![vpc]);
    function.network_controller = Some(network);
    let mut vpc = Vpc::default();
    (vpc.vpc_id, vpc.subnet_id) = (some("v-1"), some("sn-1"));
    function.func_vpc = Some(vpc);
    let mut user = MountUser::default();
    (user.user_id, user.user_group_id) = (Some(-1), Some(-1));
    let mut mount = FunctionMount::default();
    (mount.mount_type, mount.mount_resource) = (some("sfs"), some("fs-1"));
    (mount.mount_share_path, mount.local_mount_path) = (some("/a"), some("/mnt/a"));
    let mut mounts = MountConfig::default();
    (mounts.mount_user, mounts.func_mounts) = (Some(user), Some(vec![mount]));
    function.mount_config = Some(mounts);
    function
}

fn image_function() -> CreateFunction {
    let mut function = CreateFunction::new("greet", "Custom Image", "-");
    function.code_type = some("Custom-Image-Swr");
    function.xrole = some("swr");
    let mut image = CustomImage::default();
    image.enabled = Some(true);
    image.image = some("swr.cn-north-4.myhuaweicloud.com/org/greet:1");
    (image.uid, image.gid) = (some("-1"), some("-1"));
    function.custom_image = Some(image);
    function
}

fn configuration() -> UpdateConfiguration {
    let mut configuration = UpdateConfiguration::new("greet", "Custom", "bootstrap", 256, 30);
    configuration.user_data = variables("GREETING", "Hello");
    configuration.encrypted_user_data = variables("TOKEN", "t");
    configuration.description = some("");
    configuration.app_xrole = some("app-agency");
    let mut strategy = StrategyConfig::default();
    (strategy.concurrency, strategy.concurrent_num) = (Some(100), Some(1));
    configuration.strategy_config = Some(strategy);
    configuration.ephemeral_storage = Some(512);
    configuration.enable_auth_in_header = Some(false);
    configuration.enable_lts_log = Some(true);
    configuration
}

/// A time of a signature, `20261127T115214Z` or `Fri, 27 Nov 2026 11:52:14 GMT`.
fn time(text: &str) -> SystemTime {
    let time = match text.split_once('T').filter(|(date, _)| date.len() == 8) {
        Some((date, time)) => format!(
            "{}-{}-{}T{}:{}:{}Z",
            &date[..4],
            &date[4..6],
            &date[6..],
            &time[..2],
            &time[2..4],
            &time[4..6]
        )
        .parse::<jiff::Timestamp>()
        .expect("a time"),
        None => jiff::fmt::rfc2822::parse(text).expect("a time").timestamp(),
    };
    SystemTime::try_from(time).expect("a time")
}

#[test]
fn the_signatures_of_the_official_sdks_are_reproduced() {
    let mut count = 0;
    for (name, recording) in recordings() {
        let Some(signed) = recording.get("signed") else { continue };
        count += 1;
        let header = |name: &str| signed["headers"][name].as_str();
        let body = signed["body"].as_str().expect("a body");
        let mut key = Key::new(ACCESS_KEY, SECRET_KEY);
        for name in ["x-security-token", "x-obs-security-token"] {
            if let Some(token) = header(name) {
                key = key.security_token(token);
            }
        }
        let headers = if name == "put_object" {
            let object = ObsRequest::new("PUT", "code", "functions/greet 1.zip")
                .content_type(header("content-type").expect("a type"));
            sign_obs(&key, &object, time(header("date").expect("a date")))
        } else {
            key = key.project_id(header("x-project-id").expect("a project"));
            let url = format!(
                "http://{}{}?{}",
                header("host").expect("a host"),
                recording["path"].as_str().expect("a path"),
                recording["query"].as_str().expect("a query"),
            );
            let method = recording["method"].as_str().expect("a method");
            let mut request = Request::new(method, &url).body(body.as_bytes());
            for name in ["content-type", "user-agent", "x-cff-log-type", "x-cff-request-version"] {
                if let Some(value) = header(name) {
                    request = request.header(name, value);
                }
            }
            sign(&key, &request, time(header("x-sdk-date").expect("a date")))
        };
        let headers = headers.expect("signed");
        assert_eq!(headers.get("authorization"), header("authorization"), "{name}");
    }
    assert_eq!(count, 7);
}
