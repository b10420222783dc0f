//! The commands that the README tells a newcomer to type are those that CI runs, as they stand. Its
//! programs are tested as documentation, its first minute by the tests of `cargo-fg`.

const README: &str = include_str!("../README.md");
const CI: &str = include_str!("../.ci/run");

/// The command in the first shell block that has this string in it.
fn command(part: &str) -> &'static str {
    let mut blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains(part)).expect("the README has this block").trim_end()
}

#[test]
fn the_two_commands_of_a_newcomer_are_run_by_ci() {
    for (part, step) in [("--example greet", "step"), ("cargo test", "step cut_off")] {
        let line = format!("{step} {}", command(part));
        assert!(CI.lines().any(|found| found == line), "{line:?} is not a line of .ci/run");
    }
}

#[test]
fn no_program_has_lines_that_readers_see_and_the_documentation_hides() {
    let programs = README.split("```rust").skip(1).filter_map(|rest| rest.split("```").next());
    let hidden: Vec<_> = programs
        .flat_map(str::lines)
        .filter(|line| *line == "#" || line.starts_with("# "))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}
