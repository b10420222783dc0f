//! Triggers: created, updated, replaced, left alone and pruned.

use fg_client::Secret;
use serde_json::json;

use super::*;

fn with(triggers: &[Trigger]) -> Desired {
    Desired { triggers: triggers.to_vec(), ..desired() }
}

fn having(triggers: &[fg_client::triggers::Trigger]) -> Existing {
    Existing { triggers: triggers.to_vec(), ..existing(&json!({})) }
}

const NIGHTLY: &str = "0 0 2 * * ?";

#[test]
fn a_trigger_is_created_unless_it_is_there() {
    let desired = with(&[timer("nightly", NIGHTLY)]);
    let plan = planned(&desired, &Options::default(), Some(&having(&[])));
    assert_eq!(names(&plan), ["create trigger timer nightly"]);
    let now = having(&[timer_on_platform("1", "nightly", NIGHTLY)]);
    assert!(planned(&desired, &Options::default(), Some(&now)).steps.is_empty());
}

#[test]
fn what_cannot_be_updated_is_replaced() {
    let desired = with(&[timer("nightly", "0 0 3 * * ?")]);
    let now = having(&[timer_on_platform("1", "nightly", NIGHTLY)]);
    let plan = planned(&desired, &Options::default(), Some(&now));
    assert_eq!(names(&plan), ["delete trigger timer nightly", "create trigger timer nightly"]);
    assert!(plan.steps[0].action.path(&urn()).ends_with("/TIMER/1"));
    assert_eq!(plan.steps[1].changes[0].field, "schedule");
}

#[test]
fn a_trigger_is_switched_off_and_on() {
    let trigger = Trigger { enabled: Some(false), ..timer("nightly", NIGHTLY) };
    let now = having(&[timer_on_platform("1", "nightly", NIGHTLY)]);
    let plan = planned(&with(&[trigger]), &Options::default(), Some(&now));
    assert_eq!(names(&plan), ["update trigger timer nightly"]);
    assert_eq!(plan.steps[0].action.body(), json!({"trigger_status": "DISABLED"}));
    let trigger = Trigger { enabled: Some(true), ..timer("nightly", NIGHTLY) };
    assert!(planned(&with(&[trigger]), &Options::default(), Some(&now)).steps.is_empty());
}

#[test]
fn a_trigger_that_is_not_in_the_manifest_is_told_and_pruned_only_when_asked() {
    let now = having(&[timer_on_platform("1", "by-hand", NIGHTLY)]);
    let plan = planned(&desired(), &Options::default(), Some(&now));
    assert!(plan.steps.is_empty());
    assert!(plan.notes[0].contains("timer by-hand"), "{:?}", plan.notes);
    let prune = Options { prune: true, ..Options::default() };
    let plan = planned(&desired(), &prune, Some(&now));
    assert_eq!(names(&plan), ["delete trigger timer by-hand"]);
}

#[test]
fn a_trigger_of_latest_is_not_made_again_for_an_alias() {
    let desired = with(&[timer("nightly", NIGHTLY)]);
    let now = Existing {
        triggers_of_latest: vec![timer_on_platform("1", "nightly", NIGHTLY)],
        ..existing(&json!({}))
    };
    let options = Options { alias: Some("prod".into()), ..Options::default() };
    let failure = plan(&desired, &zip("code"), &options, Some(&now));
    let failure = failure.expect_err("it would start twice").to_string();
    assert!(failure.contains("timer nightly") && failure.contains("--prune"), "{failure}");
    let options = Options { prune: true, ..options };
    let plan = planned(&desired, &options, Some(&now));
    let steps = names(&plan);
    let last = ["delete trigger timer nightly of latest", "create trigger timer nightly"];
    assert_eq!(steps[steps.len() - 2..], last);
    assert!(plan.steps[steps.len() - 2].action.path(&urn()).contains(":greet:latest/"));
}

#[test]
fn the_password_of_a_trigger_is_sent_and_not_shown() {
    let settings = json!({"instance_id": "i", "db_name": "d", "collection_name": "c"});
    let trigger = Trigger {
        type_code: "DDS".into(),
        settings: settings.as_object().cloned().expect("an object"),
        passwords: [("db_password".into(), Secret::new("hunter2"))].into(),
        ..Trigger::default()
    };
    let plan = planned(&with(&[trigger]), &Options::default(), None);
    let Action::CreateTrigger { body, .. } = body(&plan, "create trigger") else { panic!() };
    assert_eq!(body.event_data.get("db_password"), Some(&json!("hunter2")));
    let shown = plan.steps[1].action.body();
    assert_eq!(shown["event_data"]["db_password"], "***");
    assert!(!format!("{plan:?}").contains("hunter2"));
}

#[test]
fn api_gateway_is_told_the_function() {
    let settings = json!({"name": "api", "path": "/greet", "func_info": {"timeout": 5000}});
    let trigger = Trigger {
        type_code: "APIG".into(),
        settings: settings.as_object().cloned().expect("an object"),
        ..Trigger::default()
    };
    let plan = planned(&with(&[trigger]), &Options::default(), None);
    let info = &plan.steps[1].action.body()["event_data"]["func_info"];
    assert_eq!(info["function_urn"], urn().to_string());
}

#[test]
fn a_trigger_that_was_switched_off_stays_so_and_is_told() {
    let mut off = timer_on_platform("1", "nightly", NIGHTLY);
    off.trigger_status = Some("DISABLED".into());
    let desired = with(&[timer("nightly", NIGHTLY)]);
    let plan = planned(&desired, &Options::default(), Some(&having(&[off])));
    assert!(plan.steps.is_empty());
    assert!(plan.notes[0].contains("switched off"), "{:?}", plan.notes);
}

#[test]
fn a_text_that_a_timer_did_not_have_is_a_difference() {
    let now = having(&[timer_on_platform("1", "nightly", NIGHTLY)]);
    let mut trigger = timer("nightly", NIGHTLY);
    trigger.settings.insert("user_event".into(), "".into());
    let plan = planned(&with(&[trigger.clone()]), &Options::default(), Some(&now));
    assert!(plan.steps.is_empty());
    trigger.settings.insert("user_event".into(), "all".into());
    let plan = planned(&with(&[trigger]), &Options::default(), Some(&now));
    assert_eq!(names(&plan), ["delete trigger timer nightly", "create trigger timer nightly"]);
}
