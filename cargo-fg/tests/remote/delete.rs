//! `cargo fg delete`.

use fg_client::aliases::CreateAlias;
use fg_client::resources::ReserveInstances;
use fg_client::triggers::CreateTrigger;
use serde_json::json;

use crate::platform::{Platform, URN};

/// A function with all that goes along with it.
fn full() -> Platform {
    let platform = Platform::with_greet();
    platform.publish("v1");
    platform.publish("v2");
    let function = platform.greet();
    platform.wait(function.create_alias(&CreateAlias::new("prod", "v2")));
    platform.wait(platform.alias("prod").reserve_instances(&ReserveInstances::new(2)));
    let timer = json!({"name": "nightly", "schedule_type": "Cron", "schedule": "0 15 2 * * ?"});
    let timer = CreateTrigger::new("TIMER", timer.as_object().cloned().expect("an object"));
    platform.wait(platform.alias("prod").create_trigger(&timer));
    platform
}

fn is_there(platform: &Platform) -> bool {
    let function = platform.greet();
    platform.wait(async {
        match function.config().await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    })
}

#[test]
fn what_goes_along_is_shown_and_all_is_deleted() {
    let platform = full();
    let told = format!(
        "\
This is deleted, and cannot be brought back:
function  {URN}
versions  v2, v1
aliases   prod
triggers  TIMER nightly of prod, ACTIVE: 0 15 2 * * ?
reserved  alias prod: 2
"
    );
    let refused = platform.run_greet(&["delete"], 2);
    assert_eq!(refused.stdout, told);
    assert_eq!(
        refused.stderr,
        "error: this has to be confirmed, and there is no terminal to ask on\n  help: add --yes to do it without a question\n"
    );
    assert!(is_there(&platform));
    let ran = platform.run_greet(&["delete", "--yes"], 0);
    assert_eq!(ran.stdout, told);
    assert_eq!(ran.stderr, format!("     Deleted {URN}\n"));
    assert!(!is_there(&platform));
    let again = platform.run_greet(&["delete", "--yes"], 1);
    assert!(again.stderr.starts_with("error: there is no function `greet`"), "{again:?}");
}

#[cfg(unix)]
#[test]
fn on_a_terminal_its_name_is_asked_for() {
    let platform = Platform::with_greet();
    for (answer, code, remains) in [("yes", 1, true), ("greet", 0, false)] {
        let command = platform.fg(&["delete", "--name", "greet"]);
        let mut terminal = crate::terminal::Terminal::run(command);
        terminal.wait_for("Type the name of the function, greet, to delete all this: ");
        terminal.enter(answer);
        let (ended, shown) = terminal.end();
        assert_eq!(ended, Some(code), "{shown}");
        assert_eq!(is_there(&platform), remains);
    }
}

#[test]
fn one_version_can_be_deleted_unless_an_alias_leads_to_it() {
    let platform = full();
    let ran = platform.run_greet(&["delete", "--version", "v1", "--yes"], 0);
    assert_eq!(ran.stderr, format!("     Deleted {URN}:v1\n"));
    let versions = platform.run_greet(&["versions", "--output", "json"], 0).json();
    assert_eq!(versions.as_array().map(Vec::len), Some(1));

    let in_use = platform.run(&["delete", &format!("{URN}:v2"), "--yes"], 1);
    assert_eq!(
        in_use.stderr,
        "error: version `v2` is in use: prod points to it\n  help: move the alias to another version first, as with `cargo fg rollback --to VERSION`\n"
    );
    let missing = platform.run_greet(&["delete", "--version", "v1", "--yes"], 1);
    assert_eq!(missing.stderr, "error: greet has no published version `v1`\n  help: it has v2\n");
    let latest = platform.run_greet(&["delete", "--version", "latest", "--yes"], 2);
    assert!(latest.stderr.contains("`latest` cannot be deleted alone"), "{latest:?}");
    let alias = platform.run(&["delete", &format!("{URN}:!prod"), "--yes"], 2);
    assert!(alias.stderr.contains("the URN names the alias `prod`"), "{alias:?}");
    assert!(is_there(&platform));
}
