//! `cargo fg rollback`.

use std::collections::BTreeMap;

use fg_client::aliases::{Alias, CreateAlias};

use crate::platform::{Platform, still};

/// Three versions, and the alias `prod` on this one.
fn with_alias(version: &str) -> Platform {
    let platform = Platform::with_greet();
    for version in ["v1", "v2", "v3"] {
        platform.publish(version);
    }
    let mut prod = CreateAlias::new("prod", version);
    prod.description = Some("live".to_owned());
    platform.wait(platform.greet().create_alias(&prod));
    platform
}

fn prod(platform: &Platform) -> Alias {
    platform.wait(platform.greet().alias("prod"))
}

#[test]
fn the_alias_goes_back_to_the_version_before() {
    let platform = with_alias("v3");
    let plan = platform.run_greet(&["rollback", "--dry-run"], 0);
    let lines: Vec<_> = plan.stdout.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 6, "{plan:?}");
    let first = "v3       0000-00-00T00:00:00Z";
    assert!(still(&lines[1]).starts_with(first) && lines[1].contains("  prod  "), "{plan:?}");
    assert_eq!(lines[5], "prod would go from v3 to v2");
    assert_eq!(plan.stderr, "note: nothing was changed, because of --dry-run\n");
    assert_eq!(prod(&platform).version.as_deref(), Some("v3"));

    let ran = platform.run_greet(&["rollback", "--yes"], 0);
    assert_eq!(ran.stdout.lines().last(), Some("prod now points to v2; before, v3"));
    let moved = prod(&platform);
    assert_eq!(moved.version.as_deref(), Some("v2"));
    assert_eq!(moved.description.as_deref(), Some("live"));

    platform.run_greet(&["rollback", "--yes"], 0);
    let oldest = platform.run_greet(&["rollback", "--yes"], 1);
    assert_eq!(
        oldest.stderr,
        "error: prod points to `v1`, the oldest published version: there is none before it\n  help: choose a version with --to: v3, v2, v1\n"
    );
}

#[test]
fn a_version_can_be_chosen() {
    let platform = with_alias("v3");
    let ran = platform.run_greet(&["rollback", "--to", "v1", "--alias", "prod", "--yes"], 0);
    assert_eq!(ran.stdout.lines().last(), Some("prod now points to v1; before, v3"));
    let again = platform.run_greet(&["rollback", "--to", "v1"], 0);
    assert_eq!(again.stdout.lines().last(), Some("prod points to v1 already"));
    let missing = platform.run_greet(&["rollback", "--to", "v9", "--yes"], 1);
    assert_eq!(
        missing.stderr,
        "error: there is no published version `v9`\n  help: there are v3, v2, v1\n"
    );
}

#[test]
fn a_traffic_split_ends_with_the_version_that_had_the_rest() {
    let platform = with_alias("v1");
    let mut split = fg_client::aliases::UpdateAlias::new("v2");
    split.additional_version_weights = Some(BTreeMap::from([("v3".to_owned(), 10)]));
    platform.wait(platform.greet().update_alias("prod", &split));
    let ran = platform.run_greet(&["rollback", "--yes"], 0);
    assert_eq!(ran.stdout.lines().last(), Some("prod now points to v2; before, v2 90%, v3 10%"));
    assert_eq!(prod(&platform).additional_version_weights.unwrap_or_default(), BTreeMap::new());
}

#[test]
fn without_an_alias_there_is_nothing_to_roll_back() {
    let platform = Platform::with_greet();
    platform.publish("v1");
    let ran = platform.run_greet(&["rollback", "--yes"], 1);
    assert_eq!(
        ran.stderr,
        "error: greet has no alias, so there is nothing to roll back: its callers get the code that was deployed last\n  help: deploy the older code again, as from an older commit; for rollbacks from now on, deploy with an alias, `cargo fg deploy --alias prod`, and let callers and triggers use it\n"
    );
}

#[test]
fn of_several_aliases_one_has_to_be_chosen() {
    let platform = with_alias("v3");
    platform.wait(platform.greet().create_alias(&CreateAlias::new("beta", "v2")));
    let ran = platform.run_greet(&["rollback", "--yes"], 2);
    assert_eq!(
        ran.stderr,
        "error: greet has several aliases\n  help: choose one with --alias: beta, prod\n"
    );
    let missing = platform.run_greet(&["rollback", "--alias", "test"], 1);
    assert_eq!(missing.stderr, "error: greet has no alias `test`\n  help: it has beta, prod\n");
    // The platform allows one alias for a version, and says so.
    let taken = platform.run_greet(&["rollback", "--alias", "prod", "--yes"], 1);
    assert!(taken.stderr.contains("A version has at most one alias"), "{}", taken.stderr);
    assert_eq!(prod(&platform).version.as_deref(), Some("v3"));
}

#[test]
fn without_a_terminal_it_needs_to_be_told_yes() {
    let platform = with_alias("v3");
    let ran = platform.run_greet(&["rollback"], 2);
    assert_eq!(
        ran.stderr,
        "error: this has to be confirmed, and there is no terminal to ask on\n  help: add --yes to do it without a question\n"
    );
    assert_eq!(prod(&platform).version.as_deref(), Some("v3"));
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks() {
    let platform = with_alias("v3");
    for (answer, code, version) in [("", 1, "v3"), ("no", 1, "v3"), ("Yes", 0, "v2")] {
        let command = platform.fg(&["rollback", "--name", "greet"]);
        let mut terminal = crate::terminal::Terminal::run(command);
        terminal.wait_for("Move prod of greet from v3 to v2? [y/N] ");
        terminal.enter(answer);
        let (ended, shown) = terminal.end();
        assert_eq!(ended, Some(code), "{shown}");
        assert_eq!(shown.contains("not confirmed: nothing was changed"), code == 1, "{shown}");
        assert_eq!(prod(&platform).version.as_deref(), Some(version));
    }
}
