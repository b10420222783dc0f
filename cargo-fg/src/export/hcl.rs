//! HCL, the language of Terraform: values and blocks, written as `terraform fmt` lays them out.

use std::fmt::Write;

use serde_json::Value as Json;

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    String(String),
    Number(serde_json::Number),
    Bool(bool),
    /// An expression, such as `var.NAME`.
    Expression(String),
    /// `filebase64` of a path relative to the module.
    File(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    /// `jsonencode` of an object.
    Encoded(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<&Json> for Value {
    fn from(value: &Json) -> Self {
        match value {
            Json::Null => Self::Expression("null".to_owned()),
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(value) => Self::Number(value.clone()),
            Json::String(value) => Self::from(value.as_str()),
            Json::Array(values) => Self::List(values.iter().map(Self::from).collect()),
            Json::Object(entries) => Self::Object(
                entries.iter().map(|(key, value)| (key.clone(), value.into())).collect(),
            ),
        }
    }
}

/// What stands in a block.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Argument(String, Value),
    Comment(String),
    Block(Block),
    /// A line without text, which separates groups of arguments.
    Blank,
}

/// A block: its type, its labels, what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    pub(super) items: Vec<Item>,
}

impl Block {
    pub(super) fn new(kind: &str, labels: &[&str]) -> Self {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        Self { kind: kind.to_owned(), labels, items: Vec::new() }
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.items.push(Item::Argument(name.to_owned(), value.into()));
    }

    pub(super) fn comment(&mut self, text: impl Into<String>) {
        self.items.push(Item::Comment(text.into()));
    }

    pub(super) fn add(&mut self, block: Block) {
        self.items.push(Item::Block(block));
    }

    pub(super) fn blank(&mut self) {
        self.items.push(Item::Blank);
    }
}

/// The text of a file.
pub(super) fn render(items: &[Item]) -> String {
    let mut text = String::new();
    render_items(&mut text, items, 0);
    text
}

fn render_items(text: &mut String, items: &[Item], depth: usize) {
    let indent = "  ".repeat(depth);
    // What a line has, to keep blank lines single and out of the ends of blocks.
    let mut is_first = true;
    let mut is_blank_due = false;
    let mut was_comment = false;
    let mut rest = items;
    while let Some(item) = rest.first() {
        let is_block = matches!(item, Item::Block(_));
        if *item == Item::Blank {
            is_blank_due = true;
            rest = &rest[1..];
            continue;
        }
        if !is_first && (is_blank_due || is_block && !was_comment) {
            text.push('\n');
        }
        is_first = false;
        is_blank_due = is_block;
        was_comment = matches!(item, Item::Comment(_));
        match item {
            Item::Argument(..) => {
                let arguments: Vec<_> = rest
                    .iter()
                    .map_while(|item| match item {
                        Item::Argument(name, value) => Some((name.clone(), value)),
                        _ => None,
                    })
                    .collect();
                render_arguments(text, &arguments, depth);
                rest = &rest[arguments.len()..];
                continue;
            }
            Item::Comment(comment) => {
                for line in comment.lines() {
                    // A comment ends with its line, so that nothing in it can be code.
                    let line: String = line.chars().filter(|char| !char.is_control()).collect();
                    push(text, format_args!("{indent}# {line}\n"));
                }
            }
            Item::Block(block) => {
                push(text, format_args!("{indent}{}", block.kind));
                for label in &block.labels {
                    push(text, format_args!(" {}", quoted(label)));
                }
                text.push_str(" {\n");
                render_items(text, &block.items, depth + 1);
                push(text, format_args!("{indent}}}\n"));
            }
            Item::Blank => {}
        }
        rest = &rest[1..];
    }
}

/// Writes arguments; the `=` of neighbours whose values take one line are below each other.
fn render_arguments(text: &mut String, arguments: &[(String, &Value)], depth: usize) {
    let indent = "  ".repeat(depth);
    let values: Vec<_> = arguments.iter().map(|(_, value)| expression(value, depth)).collect();
    let mut at = 0;
    while at < arguments.len() {
        let is_single = |value: &String| !value.contains('\n');
        let group = values[at..].iter().take_while(|value| is_single(value)).count().max(1);
        let names = &arguments[at..at + group];
        let width = names.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for ((name, _), value) in names.iter().zip(&values[at..]) {
            push(text, format_args!("{indent}{name:width$} = {value}\n"));
        }
        at += group;
    }
}

fn expression(value: &Value, depth: usize) -> String {
    match value {
        Value::String(value) => quoted(value),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Expression(expression) => expression.clone(),
        Value::File(path) => {
            let path = escaped(path);
            // An absolute path is not below the module.
            let prefix =
                if path.starts_with('/') || path.contains(':') { "" } else { "${path.module}/" };
            format!("filebase64(\"{prefix}{path}\")")
        }
        Value::List(values) => {
            let values: Vec<_> = values.iter().map(|value| expression(value, depth)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(entries) => object(entries, depth),
        Value::Encoded(entries) => format!("jsonencode({})", object(entries, depth)),
    }
}

fn object(entries: &[(String, Value)], depth: usize) -> String {
    if entries.is_empty() {
        return "{}".to_owned();
    }
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| (if is_identifier(key) { key.clone() } else { quoted(key) }, value))
        .collect();
    let mut text = "{\n".to_owned();
    render_arguments(&mut text, &entries, depth + 1);
    push(&mut text, format_args!("{}}}", "  ".repeat(depth)));
    text
}

/// Whether this is a word that needs no quotes as the key of an object.
fn is_identifier(word: &str) -> bool {
    // `for` would begin an expression, and the others are values.
    !["for", "true", "false", "null"].contains(&word)
        && word.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && word.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// A string in quotes.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(value))
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // `${` and `%{` begin a template; doubled they are literal.
            '$' | '%' if rest.peek() == Some(&'{') => text.extend([char, char]),
            _ if is_invisible(char) => match u32::from(char) {
                code @ ..=0xffff => push(&mut text, format_args!("\\u{code:04x}")),
                code => push(&mut text, format_args!("\\U{code:08x}")),
            },
            char => text.push(char),
        }
    }
    text
}

/// Control characters, and those that change how the text around them is displayed.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(char, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = text.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a quoted string as Terraform does, without templates: it fails on one.
    fn read(quoted: &str) -> String {
        let inner =
            quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quotes");
        let mut chars = inner.chars().peekable();
        let mut text = String::new();
        while let Some(char) = chars.next() {
            match char {
                '"' => panic!("an end in the middle of {quoted}"),
                '\\' => match chars.next().expect("an escape") {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    mark @ ('u' | 'U') => {
                        let digits = if mark == 'u' { 4 } else { 8 };
                        let code: String = chars.by_ref().take(digits).collect();
                        let code = u32::from_str_radix(&code, 16).expect("digits");
                        text.push(char::from_u32(code).expect("a character"));
                    }
                    char @ ('"' | '\\') => text.push(char),
                    other => panic!("the escape {other} in {quoted}"),
                },
                '$' | '%' if chars.peek() == Some(&'{') => panic!("a template in {quoted}"),
                '$' | '%' if chars.peek() == Some(&char) => {
                    let mut ahead = chars.clone();
                    ahead.next();
                    if ahead.next() == Some('{') {
                        text.push(char);
                        chars.next();
                        text.extend(chars.next());
                    } else {
                        text.push(char);
                    }
                }
                char => {
                    assert!(!char.is_control(), "a control character in {quoted:?}");
                    text.push(char);
                }
            }
        }
        text
    }

    #[test]
    fn no_string_is_a_template_or_ends_early() {
        let parts = [
            "$",
            "%",
            "{",
            "}",
            "\"",
            "\\",
            "\n",
            "\r",
            "\t",
            "\0",
            "\u{1b}",
            "a",
            "中",
            "\u{202e}",
            "\u{e0001}",
            "~",
        ];
        // All strings of up to four of these parts.
        let mut strings = vec![String::new()];
        for _ in 0..4 {
            let longer = strings.iter().flat_map(|head| parts.map(|part| format!("{head}{part}")));
            let longer: Vec<_> = longer.collect();
            strings.extend(longer);
            strings.sort_unstable();
            strings.dedup();
        }
        assert!(strings.len() > 60_000);
        for string in strings {
            assert_eq!(read(&quoted(&string)), string);
        }
    }

    #[test]
    fn a_comment_stays_on_its_line_and_an_odd_key_is_quoted() {
        let mut block = Block::new("locals", &[]);
        block.comment("one\r\ntwo\u{85}x");
        block.set(
            "value",
            Value::Object(vec![
                ("for".into(), Value::Bool(true)),
                ("a b".into(), Value::List(vec!["x".into(), Value::from(1)])),
                ("c".into(), Value::Object(Vec::new())),
            ]),
        );
        assert_eq!(
            render(&[Item::Block(block)]),
            "locals {\n  # one\n  # twox\n  value = {\n    \"for\" = true\n    \
             \"a b\" = [\"x\", 1]\n    c     = {}\n  }\n}\n"
        );
    }
}
