//! Plans as people and as programs read them.

use fg_client::Secret;
use serde_json::json;

use super::super::show;
use super::*;

fn changed() -> (Desired, Existing) {
    let mut desired = desired();
    desired.memory = Some(256);
    desired.variables.0.extend([
        ("GREETING".into(), "Hello\nthere".into()),
        ("API_TOKEN".into(), "hunter2".into()),
    ]);
    desired.secrets = [("KEY".into(), Secret::new("hunter3"))].into();
    desired.triggers = vec![timer("nightly", "0 0 2 * * ?")];
    let mut now =
        existing(&json!({"digest": "old", "user_data": "{\"GREETING\":\"Hi\",\"OLD\":\"1\"}"}));
    now.triggers = vec![timer_on_platform("1", "by-hand", "0 0 3 * * ?")];
    (desired, now)
}

#[test]
fn people_see_each_step_and_each_setting_that_changes() {
    let (desired, now) = changed();
    let options = Options { prune: true, ..Options::default() };
    let plan = planned(&desired, &options, Some(&now));
    let digest = &zip("code").identity()[..16].to_owned();
    assert_eq!(
        show::text(&plan, &urn()),
        format!(
            "urn:fss:cn-north-4:0123:function:default:greet
  ~ update the code: 4 B, SHA-512 {digest}..
  ~ configure the function
      + environment.API_TOKEN: ***
      ~ environment.GREETING:  Hi -> Hello\\nthere
      - environment.OLD:       1
      ~ memory:                128 -> 256 MB
      + secrets.KEY:           ***
  + create the trigger timer nightly
  - delete the trigger timer by-hand
"
        )
    );
}

#[test]
fn programs_see_the_requests_without_secrets_and_without_the_package() {
    let (desired, now) = changed();
    let plan = planned(&desired, &Options::default(), Some(&now));
    let document = show::document(&plan, &urn(), &urn());
    let text = document.to_string();
    assert!(!text.contains("hunter"), "{text}");
    assert_eq!(document["function"], "greet");
    assert_eq!(document["urn"], urn().to_string());
    let code = &document["steps"][0];
    assert_eq!((&code["action"], &code["method"]), (&json!("update code"), &json!("PUT")));
    assert_eq!(code["path"], format!("/v2/0123/fgs/functions/{}/code", urn()));
    let file = format!("sha512:{}, 4 bytes", zip("code").identity());
    assert_eq!(code["body"]["func_code"]["file"], file);
    let configure = &document["steps"][1];
    let change = json!({"field": "memory", "old": 128, "new": 256});
    assert!(configure["changes"].as_array().expect("a list").contains(&change), "{configure}");
    assert_eq!(configure["body"]["encrypted_user_data"], "{\"KEY\":\"***\"}");
    assert_eq!(document["steps"][2]["target"], "timer nightly");
    assert_eq!(document["notes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn nothing_to_do_is_an_empty_list() {
    let plan = planned(&desired(), &Options::default(), Some(&existing(&json!({}))));
    assert_eq!(show::document(&plan, &urn(), &urn())["steps"], json!([]));
}
