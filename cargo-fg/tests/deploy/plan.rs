//! What `--dry-run` says is what is sent afterwards.

use serde_json::Value;

use crate::fg::run;
use crate::platform::Platform;
use crate::project::{deploy, deployed};
use crate::proxy::{Proxy, Recorded};
use crate::serving::changes;

const FULL: [&str; 4] = ["--environment", "full", "--alias", "prod"];
const FULLER: [&str; 4] = ["--environment", "fuller", "--alias", "prod"];

/// The steps of the plan.
fn planned(proxy: &Proxy, release: &str, arguments: &[&str]) -> Vec<Value> {
    let plan = ["--dry-run", "--output", "json"];
    let ran = run(deploy(proxy.address, release, arguments).args(plan)).ended_with(0);
    let recorded = proxy.take();
    assert!(recorded.iter().all(Recorded::reads), "a plan sends nothing");
    let plan: Value = serde_json::from_str(&ran.stdout).expect("the plan is JSON");
    plan["steps"].as_array().expect("steps").clone()
}

/// Compares each step with the request that was sent.
#[track_caller]
fn compare(steps: &[Value], recorded: &[Recorded]) {
    let sent = changes(recorded);
    let titles =
        |requests: &[&Recorded]| requests.iter().map(|request| request.title()).collect::<Vec<_>>();
    assert_eq!(steps.len(), sent.len(), "{steps:#?}\n{:#?}", titles(&sent));
    for (step, request) in steps.iter().zip(sent) {
        assert_eq!(step["method"], request.method, "{step:#}");
        let path = step["path"].as_str().expect("a path");
        let path = path.replace("%3A", ":").replace("%21", "!");
        assert_eq!(path, request.path, "{step:#}");
        let mut body = request.json();
        if let Some(file) = body.pointer_mut("/func_code/file") {
            // The code would be too long for a plan: it has the digest, and the number of bytes.
            let said = step.pointer("/body/func_code/file").and_then(Value::as_str);
            let said = said.expect("the plan has a place for the code");
            let base64 = file.as_str().expect("the code");
            assert_eq!(said, code(base64), "{step:#}");
            *file = said.into();
        }
        assert_eq!(step["body"], body, "{step:#}");
    }
}

/// What the plan says instead of the code.
fn code(base64: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    let zip = base64::engine::general_purpose::STANDARD.decode(base64).expect("it is Base64");
    format!("sha512:{:x}, {} bytes", sha2::Sha512::digest(&zip), zip.len())
}

#[test]
fn the_plan_is_exactly_what_is_sent() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    let canary = [&FULLER[..], &["--traffic", "25"]].concat();
    let pruned = ["--environment", "full", "--alias", "prod", "--prune"];
    let deployments: [(&str, &[&str]); 6] = [
        ("one", &FULL),
        ("one", &FULL),
        ("two", &canary),
        ("two", &FULLER),
        ("three", &pruned),
        ("one", &["--publish", "by-name"]),
    ];
    for (number, (release, arguments)) in deployments.into_iter().enumerate() {
        let steps = planned(&proxy, release, arguments);
        deployed(proxy.address, release, arguments);
        let recorded = proxy.take();
        assert_eq!(steps.is_empty(), number == 1, "{steps:#?}");
        compare(&steps, &recorded);
        assert!(planned(&proxy, release, arguments).is_empty(), "nothing is left to do");
    }
}

#[test]
fn fields_that_change_have_their_old_and_new_values() {
    let platform = Platform::start();
    let proxy = Proxy::start(platform.address);
    deployed(proxy.address, "one", &[]);
    proxy.take();
    let steps = planned(&proxy, "one", &["--environment", "larger"]);
    let [step] = &steps[..] else { panic!("{steps:#?}") };
    let changes = step["changes"].as_array().expect("changes");
    let change = |field: &str| {
        let change = changes.iter().find(|change| change["field"] == field);
        let change = change.unwrap_or_else(|| panic!("{field}: {step:#}"));
        (change["old"].clone(), change["new"].clone())
    };
    assert_eq!(change("memory"), (128.into(), 256.into()));
    assert_eq!(change("timeout"), (5.into(), 9.into()));
}
