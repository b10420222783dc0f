//! The command line.

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::deploy::DeployArguments;

fn parse(words: &str) -> Result<DeployArguments, String> {
    let words = ["cargo-fg", "deploy"].into_iter().chain(words.split_whitespace());
    match Arguments::try_parse_from(words) {
        Ok(Arguments { command: Command::Deploy(arguments), .. }) => Ok(arguments),
        Ok(_) => panic!("another command"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_version_is_published_with_a_name_and_without() {
    let publish = |words: &str| parse(words).expect("it is right").publish;
    assert_eq!(publish("--yes"), None);
    assert_eq!(publish("--publish --yes"), Some(None));
    assert_eq!(publish("--publish v1 --yes"), Some(Some("v1".to_owned())));
}

#[test]
fn what_the_platform_would_refuse_is_refused_here() {
    for words in [
        "--publish latest",
        "--publish a/b",
        "--alias 1st",
        "--alias !prod",
        "--traffic 10",
        "--alias prod --traffic 0",
        "--alias prod --traffic 101",
        "--image swr/org/name:1 --bucket b",
        "--image swr/org/name:1 --include templates",
    ] {
        assert!(parse(words).is_err(), "{words}");
    }
}
