//! Functions: create, list, show, update, delete.

use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use crate::client::{Platform, URN, function, package, path, zip};

#[tokio::test]
async fn a_function_is_created_with_all_fields_that_clients_read() {
    let platform = Platform::start().await;
    let created = platform.post("/fgs/functions", function("greet")).await.json(200);
    assert_eq!(created["func_urn"], format!("{URN}:latest"));
    for (field, value) in [
        ("func_name", json!("greet")),
        ("namespace", json!("0123456789abcdef0123456789abcdef")),
        ("project_name", json!("cn-north-4")),
        ("package", json!("default")),
        ("runtime", json!("Custom")),
        ("timeout", json!(3)),
        ("memory_size", json!(128)),
        ("cpu", json!(300)),
        ("code_type", json!("zip")),
        ("code_filename", json!("code.zip")),
        ("version", json!("latest")),
        ("type", json!("v2")),
        ("strategy_config", json!({"concurrency": -1, "concurrent_num": 1})),
        ("ephemeral_storage", json!(512)),
        ("enable_lts_log", json!(false)),
        ("gpu_memory", json!(0)),
    ] {
        assert_eq!(created[field], value, "{field}");
    }
    let id = created["func_id"].as_str().expect("a string");
    assert_eq!(created["resource_id"], format!("{id}:greet"));
    assert!(created["last_modified"].as_str().expect("a string").ends_with('Z'));
    assert!(created["log_group_id"].is_string() && created["log_stream_id"].is_string());
    let shown = platform.get(&path("config")).await.json(200);
    assert_eq!(shown, created);
}

#[tokio::test]
async fn the_digest_is_the_sha_512_of_the_package_and_the_code_is_not_returned() {
    let platform = Platform::start().await;
    let zip = zip(&[("bootstrap", "#!/bin/sh\necho 1\n")]);
    let created = platform.post("/fgs/functions", function("greet")).await.json(200);
    let expected: String = Sha512::digest(&zip).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(created["digest"], expected);
    assert_eq!(created["code_size"], zip.len());
    let code = platform.get(&path("code")).await.json(200);
    assert_eq!(code["digest"], expected);
    assert_eq!(code["func_code"], json!({"file": "", "link": ""}));
    assert_eq!(code["depend_version_list"], json!([]));
}

#[tokio::test]
async fn every_form_of_a_urn_names_the_function() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    platform.post(&path("aliases"), json!({"name": "prod", "version": "v1"})).await.json(200);
    for (suffix, version) in
        [("", "latest"), (":latest", "latest"), (":v1", "v1"), (":!prod", "v1")]
    {
        let urn = format!("{URN}{suffix}");
        let encoded = urn.replace(':', "%3A").replace('!', "%21");
        for urn in [urn, encoded] {
            let config = platform.get(&format!("/fgs/functions/{urn}/config")).await.json(200);
            assert_eq!(config["version"], version, "{urn}");
            assert_eq!(config["func_urn"], format!("{URN}:{version}"), "{urn}");
        }
    }
    for urn in ["greet", "greet:v1", "default:greet:v1", "function:default:greet:latest"] {
        platform.get(&format!("/fgs/functions/{urn}/config")).await.json(200);
    }
}

#[tokio::test]
async fn an_update_changes_the_fields_that_it_has_and_no_others() {
    let platform = Platform::with_function().await;
    let all = json!({
        "func_name": "greet", "runtime": "Custom", "handler": "bootstrap", "timeout": 30,
        "memory_size": 256, "user_data": "{\"A\":\"b\"}", "description": "says hello",
        "encrypted_user_data": "{\"PASSWORD\":\"hush\"}", "xrole": "agency",
        "initializer_handler": "init", "initializer_timeout": 5,
        "strategy_config": {"concurrency": 10},
        "lts_custom_tag": {"team": "a"},
    });
    let updated = platform.put(&path("config"), all).await.json(200);
    assert_eq!(updated["timeout"], 30);
    assert_eq!(updated["cpu"], 400);
    assert_eq!(updated["encrypted_user_data"], "{\"PASSWORD\":\"\"}");
    let one = platform.put(&path("config"), json!({"timeout": 40})).await.json(200);
    assert_eq!(one["timeout"], 40);
    for field in [
        "memory_size",
        "user_data",
        "description",
        "xrole",
        "initializer_handler",
        "initializer_timeout",
        "strategy_config",
        "lts_custom_tag",
        "encrypted_user_data",
    ] {
        assert_eq!(one[field], updated[field], "{field}");
    }
    let cleared =
        json!({"user_data": "", "description": "", "strategy_config": {"concurrent_num": 0}});
    let cleared = platform.put(&path("config"), cleared).await.json(200);
    assert_eq!((&cleared["user_data"], &cleared["description"]), (&json!(""), &json!("")));
    assert_eq!(cleared["strategy_config"], json!({"concurrency": 10, "concurrent_num": 1}));
}

#[tokio::test]
async fn what_terraform_sends_is_accepted() {
    let platform = Platform::with_function().await;
    let body = json!({
        "package": "default", "runtime": "Custom", "handler": "bootstrap", "timeout": 3,
        "memory_size": 128, "description": "", "peering_cidr": "", "heartbeat_handler": "",
        "restore_hook_handler": "", "restore_hook_timeout": 0, "enable_class_isolation": false,
        "func_vpc": {"vpc_id": "v", "subnet_id": "s", "security_groups": []},
        "mount_config": {
            "mount_user": {"mount_user_id": 1003, "mount_user_group_id": 1003},
            "func_mounts": [{
                "mount_type": "sfsTurbo", "mount_resource": "r", "local_mount_path": "/mnt",
                "mount_share_path": "10.0.0.1:/",
            }],
        },
        "unknown": {"of": ["a", "newer", "version"]},
    });
    let updated = platform.put(&path("config"), body).await.json(200);
    let user = json!({"user_id": 1003, "user_group_id": 1003});
    assert_eq!(updated["mount_config"]["mount_user"], user);
    assert_eq!(updated["func_vpc"]["vpc_id"], "v");
    assert!(updated.get("unknown").is_none());
    // What is no object would end Terraform with a panic.
    for field in ["custom_image", "network_controller"] {
        assert!(updated.get(field).is_none(), "{field}");
    }
    let code = json!({"code_type": "zip", "func_code": {"file": ""}, "depend_list": []});
    let same = platform.put(&path("code"), code).await.json(200);
    assert_eq!(same["digest"], updated["digest"]);
}

#[tokio::test]
async fn the_code_is_replaced() {
    let platform = Platform::with_function().await;
    let before = platform.get(&path("code")).await.json(200);
    let body = json!({
        "code_type": "zip", "code_filename": "two.zip", "func_code": {"file": package("2")},
    });
    let after = platform.put(&path("code"), body).await.json(200);
    assert_ne!(after["digest"], before["digest"]);
    assert_eq!(after["code_filename"], "two.zip");
    let config = platform.get(&path("config")).await.json(200);
    assert_eq!(config["digest"], after["digest"]);
}

#[tokio::test]
async fn inline_code_and_images_are_stored() {
    let platform = Platform::start().await;
    let mut inline = function("inline");
    inline["code_type"] = "inline".into();
    inline["code_filename"] = "".into();
    inline["func_code"] = json!({"file": "IyEvYmluL3NoCg=="});
    let created = platform.post("/fgs/functions", inline).await.json(200);
    assert_eq!(
        (&created["code_type"], &created["code_filename"]),
        (&json!("inline"), &json!("bootstrap"))
    );
    let image = json!({
        "func_name": "image", "package": "default", "runtime": "Custom Image", "handler": "-",
        "timeout": 3, "memory_size": 128, "code_type": "Custom-Image-Swr", "xrole": "agency",
        "custom_image": {"enabled": true, "image": "swr.cn-north-4.myhuaweicloud.com/o/n:1"},
    });
    let created = platform.post("/fgs/functions", image).await.json(200);
    assert_eq!(created["code_type"], "Custom-Image-Swr");
    assert_eq!(created["custom_image"]["image"], "swr.cn-north-4.myhuaweicloud.com/o/n:1");
    assert_eq!(created["digest"], "");
}

#[tokio::test]
async fn the_number_of_instances_is_a_number_everywhere() {
    let platform = Platform::with_function().await;
    let path_of = path("config-max-instance");
    let updated = platform.put(&path_of, json!({"max_instance_num": 7})).await.json(200);
    assert_eq!(updated["strategy_config"]["concurrency"], 7);
    let updated = platform.put(&path_of, json!({"max_instance_num": "-1"})).await.json(200);
    assert_eq!(updated["strategy_config"]["concurrency"], -1);
    for number in [-2, 1001] {
        let refused = platform.put(&path_of, json!({"max_instance_num": number})).await;
        assert_eq!(refused.code(), "400 FSS.1026");
    }
}

#[tokio::test]
async fn functions_are_listed_in_pages_with_pinned_ones_first() {
    let platform = Platform::start().await;
    for name in ["alpha", "beta", "gamma", "gamma-two"] {
        platform.post("/fgs/functions", function(name)).await.json(200);
    }
    let names = |list: &Value| {
        let functions = list["functions"].as_array().expect("an array").iter();
        functions.map(|f| f["func_name"].as_str().expect("a string").to_owned()).collect::<Vec<_>>()
    };
    let urn = URN.replace("greet", "gamma");
    let pinned = platform.put(&format!("/fgs/functions/{urn}/collect/true"), json!({})).await;
    assert!(pinned.is_empty(200));
    let page = platform.get("/fgs/functions?maxitems=3").await.json(200);
    assert_eq!(names(&page), ["gamma", "alpha", "beta"]);
    assert_eq!((&page["count"], &page["next_marker"]), (&json!(4), &json!(3)));
    let page = platform.get("/fgs/functions?maxitems=3&marker=3").await.json(200);
    assert_eq!(names(&page), ["gamma-two"]);
    let past = platform.get("/fgs/functions?marker=4").await.json(200);
    assert_eq!(past["functions"], json!([]));
    let fuzzy = platform.get("/fgs/functions?func_name=amm").await.json(200);
    assert_eq!(names(&fuzzy), ["gamma", "gamma-two"]);
    let other = platform.get("/fgs/functions?package_name=other").await.json(200);
    assert_eq!(other["count"], 0);
    for size in ["0", "401", "-1", "x"] {
        let refused = platform.get(&format!("/fgs/functions?maxitems={size}")).await;
        assert_eq!(refused.code(), "400 FSS.1001");
    }
}

#[tokio::test]
async fn a_deleted_function_is_gone_and_can_be_created_again() {
    let platform = Platform::with_function().await;
    platform.publish("v1").await;
    assert!(platform.delete(&format!("/fgs/functions/{URN}")).await.is_empty(204));
    assert_eq!(platform.get(&path("config")).await.code(), "404 FSS.1051");
    assert_eq!(platform.delete(&format!("/fgs/functions/{URN}")).await.code(), "404 FSS.1051");
    platform.post("/fgs/functions", function("greet")).await.json(200);
    let versions = platform.get(&path("versions")).await.json(200);
    assert_eq!(versions["count"], 1);
}
