//! Tests that each command line of `cargo fg` in the documents is one.

use clap::Parser;
use clap::error::ErrorKind;

use super::markdown::{documents, read, sections};
use crate::arguments::Arguments;

/// The command lines of a document, in its blocks and in its text.
fn command_lines(document: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for section in sections(document) {
        for block in &section.code {
            let text = block.text.replace("\\\n", " ");
            lines.extend(text.lines().flat_map(|line| commands(in_a_shell(line))));
        }
        lines.extend(section.inline_code().into_iter().flat_map(commands));
    }
    lines.retain(|line| line.starts_with("cargo fg ") && !line.contains(" .."));
    lines
}

/// The line without what stands before a command: a prompt, a key of YAML.
fn in_a_shell(line: &str) -> &str {
    let line = line.trim();
    ["$ ", "- run: ", "run: "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line)
}

/// The commands of a line, without redirections and comments.
fn commands(line: &str) -> Vec<String> {
    let mut commands = vec![String::new()];
    let mut quote = None;
    let mut before = ' ';
    for char in line.chars() {
        match (quote, char) {
            (None, '\'' | '"') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            (None, '#') if before.is_whitespace() => break,
            (None, '|' | '&' | ';' | '>' | '<' | '(' | ')') => {
                commands.push(String::new());
                before = char;
                continue;
            }
            _ => {}
        }
        commands.last_mut().expect("there is one").push(char);
        before = char;
    }
    commands.into_iter().map(|command| command.trim().to_owned()).collect()
}

/// The words of a command.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in command.chars() {
        match (quote, char) {
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == char => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

/// Why a command line is none, if it is none.
fn mistake(command: &str) -> Option<String> {
    let words = words(command);
    let error = Arguments::try_parse_from(&words[1..]).err()?;
    let is_right = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        // A sentence may name a flag without a value.
        ErrorKind::InvalidValue => words.last().is_some_and(|word| word.starts_with("--")),
        _ => false,
    };
    (!is_right).then(|| error.to_string())
}

#[test]
fn each_command_line_in_the_documents_exists() {
    let mut count = 0;
    let mut mistakes = Vec::new();
    for (path, text) in documents() {
        for command in command_lines(&text) {
            count += 1;
            mistakes.extend(mistake(&command).map(|why| format!("{path}: {command}\n  {why}")));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(count > 100, "only {count} were found");
}

#[test]
fn a_wrong_command_line_would_be_noticed() {
    let text = "`cargo fg packag`\n\n```sh\nA=1 && cargo fg invoke --fixtures 'a b' # no\n```\n";
    let lines = command_lines(text);
    assert_eq!(lines, ["cargo fg invoke --fixtures 'a b'", "cargo fg packag"]);
    assert!(lines.iter().all(|line| mistake(line).is_some()));
    assert_eq!(mistake("cargo fg new greet"), None);
    assert_eq!(mistake("cargo fg invoke --help"), None);
    assert_eq!(words("a 'b c' \"d\"e"), ["a", "b c", "de"]);
}

#[test]
fn the_workflow_on_the_page_about_deployments_is_the_file() {
    let workflow = read("docs/deploy-github.yml");
    let page = read("docs/deploy.md");
    let blocks: Vec<_> = sections(&page).into_iter().flat_map(|section| section.code).collect();
    let found: Vec<_> = blocks.iter().filter(|block| block.language == "yaml").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text, workflow);
    // It has the actions of our own workflow, which are kept up to date.
    let ours = read(".github/workflows/ci.yml");
    for action in workflow.lines().filter_map(|line| line.trim().strip_prefix("- uses: ")) {
        assert!(ours.contains(action), "{action}");
    }
}
