//! What the `//~` lines of a file say that the compiler must say. `tests/ui/README.md` explains
//! them.

use crate::compiler::Message;

/// The messages that a file expects.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) messages: Vec<ExpectedMessage>,
    /// Only the first error is ours to choose; the compiler adds more.
    first_only: bool,
}

/// One message, as far as the file says something about it.
#[derive(Debug, Default)]
pub(crate) struct ExpectedMessage {
    line: usize,
    level: String,
    code: Option<String>,
    text: Option<String>,
    under: Option<String>,
    label: Option<String>,
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Expected {
    /// Reads the `//~` lines. They stand below the line that is underlined.
    pub(crate) fn read(source: &str) -> Self {
        let mut expected = Self::default();
        let mut line_above = 0;
        for (index, line) in source.lines().enumerate() {
            let Some(said) = line.trim_start().strip_prefix("//~ ") else {
                line_above = index + 1;
                continue;
            };
            let (key, value) = said
                .split_once(": ")
                .map_or((said, None), |(key, value)| (key, Some(value.to_owned())));
            let known = expected.messages.last_mut().zip(value.clone());
            match (key, known) {
                ("under", Some((message, text))) => message.under = Some(text),
                ("label", Some((message, text))) => message.label = Some(text),
                ("note", Some((message, text))) => message.notes.push(text),
                ("help", Some((message, text))) => message.helps.push(text),
                _ => expected.open(key, value, line_above),
            }
        }
        expected
    }

    fn open(&mut self, key: &str, text: Option<String>, line: usize) {
        let (head, code) = key
            .strip_suffix(']')
            .and_then(|key| key.split_once('['))
            .map_or((key, None), |(a, b)| (a, Some(b)));
        let level = head.strip_prefix("first ").unwrap_or(head);
        assert!(
            matches!(level, "error" | "warning"),
            "`//~ {key}` is not one of error, warning, under, label, note, help"
        );
        self.first_only |= level != head;
        let (level, code) = (level.to_owned(), code.map(str::to_owned));
        self.messages.push(ExpectedMessage {
            line,
            level,
            code,
            text,
            ..ExpectedMessage::default()
        });
    }

    /// What differs from what the compiler said; empty if nothing does.
    pub(crate) fn differences(&self, said: &[Message]) -> Vec<String> {
        let said = if self.first_only { &said[..said.len().min(1)] } else { said };
        let mut left: Vec<&Message> = said.iter().collect();
        let mut differences = Vec::new();
        for message in &self.messages {
            match left.iter().position(|said| message.is(said)) {
                Some(index) => drop(left.remove(index)),
                None => differences.push(format!("missing: {message:?}")),
            }
        }
        differences.extend(
            left.iter()
                .map(|said| format!("not expected, on `{}`:\n{}", said.under, said.rendered)),
        );
        let long = said.iter().filter(|said| said.lines() > 30);
        differences.extend(
            long.map(|said| format!("{} lines, more than 30:\n{}", said.lines(), said.rendered)),
        );
        differences
    }
}

impl ExpectedMessage {
    fn is(&self, said: &Message) -> bool {
        let (text, help) = said
            .text
            .split_once("\n\nhelp: ")
            .map_or((&*said.text, None), |(text, help)| (text, Some(help)));
        let said_as = |level: &'static str| {
            said.children.iter().filter(move |child| child.level == level).map(|child| &*child.text)
        };
        self.line == said.line
            && self.level == said.level
            && self.code == said.code
            && self.text.as_ref().is_none_or(|own| own == text)
            && self.under.as_ref().is_none_or(|own| *own == said.under)
            && self.label.as_ref().is_none_or(|own| *own == said.label)
            && self.notes.iter().all(|own| said_as("note").any(|note| note == own))
            && self
                .helps
                .iter()
                .all(|own| help.into_iter().chain(said_as("help")).any(|help| help == own))
            && help
                .is_none_or(|help| self.text.is_none() || self.helps.iter().any(|own| own == help))
    }
}
