//! Two deployments of the same function at the same time.

use std::process::Stdio;

use crate::platform::{Platform, urn};
use crate::project::{deploy, deployed};

#[test]
fn deployments_at_the_same_time_end_with_one_of_them_complete() {
    for before in [None, Some("three")] {
        let platform = Platform::start();
        if let Some(release) = before {
            deployed(platform.address, release, &["--alias", "prod"]);
        }
        let children = ["one", "two"].map(|release| {
            let mut command = deploy(platform.address, release, &["--alias", "prod"]);
            command.arg("--yes").stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        });
        let outputs = children.map(|child| child.wait_with_output().expect("it ends"));
        for output in &outputs {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(!stderr.contains("panicked"), "{stderr}");
            match output.status.code() {
                Some(0) => {}
                // What the other has done in between is told.
                Some(1) => assert!(stderr.contains("error: "), "{stderr}"),
                other => panic!("{other:?}:\n{stderr}"),
            }
        }
        assert!(outputs.iter().any(|output| output.status.success()), "one of them succeeds");
        // Whatever came last, each version has one package and its own configuration.
        let release = platform.release("!prod");
        assert!(matches!(release.as_deref(), Some("one" | "two")), "{release:?}");
        let aliases = platform.get(&format!("/functions/{}/aliases", urn("")));
        assert_eq!(aliases.as_array().map(Vec::len), Some(1), "{aliases}");
        // And the next one finishes.
        deployed(platform.address, "two", &["--alias", "prod"]);
        assert_eq!(platform.release("!prod").as_deref(), Some("two"));
    }
}
