//! The search syntax of LTS, as far as it concerns the text of a line: words, phrases, `and`, `or`,
//! `not`, parentheses and wildcards (LTS user guide, "Using LTS Search Syntax").
//!
//! A line is split into words at delimiters, and a condition is about whole words: `2023` does not
//! match `2023-01-01`, but `2023*` does. Upper and lower case are the same, and each Chinese
//! character is a word, which are the defaults of a stream's index.

use std::ops::Range;

use super::error::LtsError;

/// The longest search statement in bytes. This limit is not the platform's.
const MAX_LENGTH: usize = 8 << 10;

/// How many words a search statement may have. This limit is not the platform's.
const MAX_WORDS: usize = 200;

/// How many conditions may contain each other. This limit is not the platform's.
const MAX_DEPTH: usize = 32;

/// What a line is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keywords {
    All(Vec<Keywords>),
    Any(Vec<Keywords>),
    Not(Box<Keywords>),
    /// A word, in which `*` stands for any characters if it is not quoted.
    Word {
        text: String,
        has_wildcard: bool,
    },
    /// These words in this order.
    Phrase(Vec<String>),
}

impl Keywords {
    /// Reads a search statement. An empty one matches every line.
    pub(crate) fn parse(statement: &str) -> Result<Self, LtsError> {
        if statement.len() > MAX_LENGTH {
            return Err(LtsError::invalid(format_args!(
                "keywords has more than {MAX_LENGTH} bytes"
            )));
        }
        if words(statement).count() > MAX_WORDS {
            return Err(LtsError::invalid(format_args!(
                "keywords has more than {MAX_WORDS} words"
            )));
        }
        let mut parser = Parser { tokens: tokenize(statement)?, at: 0 };
        if parser.tokens.is_empty() {
            return Ok(Self::All(Vec::new()));
        }
        let keywords = parser.any(0)?;
        match parser.peek() {
            None => Ok(keywords),
            Some(token) => Err(unexpected(Some(token))),
        }
    }

    /// Whether a line has what is searched for.
    pub(crate) fn matches(&self, line: &str) -> bool {
        match self {
            Self::All(all) if all.is_empty() => true,
            _ => self.matches_words(&words(line).map(|word| &line[word]).collect::<Vec<_>>()),
        }
    }

    fn matches_words(&self, words: &[&str]) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.matches_words(words)),
            Self::Any(any) => any.iter().any(|one| one.matches_words(words)),
            Self::Not(not) => !not.matches_words(words),
            Self::Word { text, has_wildcard } => {
                words.iter().any(|word| is_match(text, *has_wildcard, word))
            }
            Self::Phrase(phrase) => {
                phrase.is_empty()
                    || words.windows(phrase.len()).any(|words| is_phrase(phrase, words))
            }
        }
    }

    /// The line with each hit between `<HighLightTag>` and `</HighLightTag>`.
    pub(crate) fn highlight(&self, line: &str) -> String {
        let ranges: Vec<_> = words(line).collect();
        let words: Vec<_> = ranges.iter().map(|range| &line[range.clone()]).collect();
        let mut hits = Vec::new();
        self.find(&words, &mut hits);
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        let (mut text, mut at) = (String::with_capacity(line.len()), 0);
        for hit in hits {
            let (from, to) = (ranges[hit.start].start, ranges[hit.end - 1].end);
            if from >= at {
                text.push_str(&line[at..from]);
                text.push_str("<HighLightTag>");
                text.push_str(&line[from..to]);
                text.push_str("</HighLightTag>");
                at = to;
            }
        }
        text.push_str(&line[at..]);
        text
    }

    /// Which words are hits.
    fn find(&self, words: &[&str], hits: &mut Vec<Range<usize>>) {
        match self {
            Self::All(several) | Self::Any(several) => {
                several.iter().for_each(|one| one.find(words, hits));
            }
            Self::Not(_) => {}
            Self::Word { text, has_wildcard } => {
                let found = (0..words.len()).filter(|at| is_match(text, *has_wildcard, words[*at]));
                hits.extend(found.map(|at| at..at + 1));
            }
            Self::Phrase(phrase) => {
                let length = phrase.len();
                let starts = 0..(words.len() + 1).saturating_sub(length.max(1));
                let found = starts.filter(|at| is_phrase(phrase, &words[*at..*at + length]));
                hits.extend(found.map(|at| at..at + length).filter(|hit| !hit.is_empty()));
            }
        }
    }
}

fn is_phrase(phrase: &[String], words: &[&str]) -> bool {
    phrase.iter().zip(words).all(|(wanted, word)| is_match(wanted, false, word))
}

fn is_match(wanted: &str, has_wildcard: bool, word: &str) -> bool {
    if !has_wildcard {
        return same(wanted, word);
    }
    let (wanted, word) = (wanted.to_lowercase(), word.to_lowercase());
    let mut parts = wanted.split('*');
    let Some(mut rest) = word.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn same(one: &str, other: &str) -> bool {
    if one.is_ascii() || other.is_ascii() {
        one.eq_ignore_ascii_case(other)
    } else {
        one.to_lowercase() == other.to_lowercase()
    }
}

/// The delimiters of a stream whose index has the default settings.
fn is_delimiter(letter: char) -> bool {
    ", '\";=()[]{}@&<>/:\\?\n\t\r".contains(letter)
}

/// Each of these is a word of its own.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// Where the words of a line are.
fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut letters = line.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = letters.find(|(_, letter)| !is_delimiter(*letter))?;
        let mut end = start + first.len_utf8();
        if !is_ideograph(first) {
            while let Some((at, letter)) =
                letters.next_if(|(_, letter)| !is_delimiter(*letter) && !is_ideograph(*letter))
            {
                end = at + letter.len_utf8();
            }
        }
        Some(start..end)
    })
}

/// A part of a search statement.
#[derive(Debug)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// The conditions on the words of an unquoted or quoted string.
    Words(Vec<Keywords>),
    Phrase(Vec<String>),
}

fn tokenize(statement: &str) -> Result<Vec<Token>, LtsError> {
    let mut tokens = Vec::new();
    let mut rest = statement.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = |length: usize| rest.get(length..).unwrap_or_default();
        if first == '(' || first == ')' {
            tokens.push(if first == '(' { Token::Open } else { Token::Close });
            rest = after(1);
        } else if rest.starts_with("&&") || rest.starts_with("||") {
            tokens.push(if first == '&' { Token::And } else { Token::Or });
            rest = after(2);
        } else if let Some(quoted) = rest.strip_prefix("#\"") {
            let (text, behind) = unquote(quoted)?;
            tokens.push(Token::Phrase(words(&text).map(|word| text[word].to_owned()).collect()));
            rest = behind;
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let (text, behind) = unquote(quoted)?;
            tokens.push(Token::Words(words_of(&text, false)));
            rest = behind;
        } else {
            let end = |(at, letter): (usize, char)| {
                let ends = letter.is_whitespace()
                    || matches!(letter, '(' | ')' | '"')
                    || rest[at..].starts_with("&&")
                    || rest[at..].starts_with("||")
                    || rest[at..].starts_with("#\"");
                ends.then_some(at)
            };
            let length = rest.char_indices().find_map(end).unwrap_or(rest.len());
            tokens.extend(bare(&rest[..length])?);
            rest = after(length);
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The text up to the closing quote, and what is behind it.
fn unquote(quoted: &str) -> Result<(String, &str), LtsError> {
    let (mut text, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((text, &quoted[at + 1..])),
            '\\' if quoted[at + 1..].starts_with('"') => text.extend(letters.next().map(|_| '"')),
            _ => text.push(letter),
        }
    }
    Err(LtsError::invalid("keywords: a quotation mark is not closed"))
}

/// An operator, or words that are not quoted; `None` if it is only the name of the field that
/// contains the line.
fn bare(text: &str) -> Result<Option<Token>, LtsError> {
    if text.starts_with(['*', '?']) {
        return Err(LtsError::wildcard_first(text));
    }
    for (name, token) in [("and", Token::And), ("or", Token::Or), ("not", Token::Not)] {
        if text.eq_ignore_ascii_case(name) {
            return Ok(Some(token));
        }
    }
    let text = match text.split_once(':') {
        Some(("content", "")) => return Ok(None),
        Some(("content", value)) => value,
        Some((field, _)) if !field.is_empty() => {
            return Err(LtsError::invalid(format_args!(
                "keywords: {field:?} is not a field of these logs; to search for the text, write {:?} in quotation marks",
                text
            )));
        }
        _ => text,
    };
    let words = words_of(text, true);
    match words
        .iter()
        .find(|word| matches!(word, Keywords::Word { text, .. } if text.starts_with('*')))
    {
        Some(_) => Err(LtsError::wildcard_first(text)),
        None => Ok(Some(Token::Words(words))),
    }
}

fn words_of(text: &str, may_have_wildcards: bool) -> Vec<Keywords> {
    let word = |range| {
        let text: &str = &text[range];
        Keywords::Word {
            text: text.to_owned(),
            has_wildcard: may_have_wildcards && text.contains('*'),
        }
    };
    words(text).map(word).collect()
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn any(&mut self, depth: usize) -> Result<Keywords, LtsError> {
        let mut any = vec![self.all(depth)?];
        while matches!(self.peek(), Some(Token::Or)) {
            self.at += 1;
            any.push(self.all(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Keywords::Any(any) })
    }

    fn all(&mut self, depth: usize) -> Result<Keywords, LtsError> {
        let mut all = vec![self.one(depth)?];
        loop {
            match self.peek() {
                None | Some(Token::Or | Token::Close) => break,
                Some(Token::And) => self.at += 1,
                Some(_) => {}
            }
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Keywords::All(all) })
    }

    fn one(&mut self, depth: usize) -> Result<Keywords, LtsError> {
        if depth > MAX_DEPTH {
            return Err(LtsError::invalid("keywords: too many conditions within each other"));
        }
        let token = self.tokens.get_mut(self.at);
        self.at += 1;
        match token {
            Some(Token::Not) => Ok(Keywords::Not(Box::new(self.one(depth + 1)?))),
            Some(Token::Open) => {
                let keywords = self.any(depth + 1)?;
                match self.peek() {
                    Some(Token::Close) => {
                        self.at += 1;
                        Ok(keywords)
                    }
                    token => Err(unexpected(token)),
                }
            }
            Some(Token::Words(words)) if words.len() == 1 => Ok(words.remove(0)),
            Some(Token::Words(words)) => Ok(Keywords::All(std::mem::take(words))),
            Some(Token::Phrase(words)) => Ok(Keywords::Phrase(std::mem::take(words))),
            token => Err(unexpected(token.as_deref())),
        }
    }
}

fn unexpected(token: Option<&Token>) -> LtsError {
    LtsError::invalid(match token {
        None => "keywords: a word is missing at the end",
        Some(Token::Open) => {
            "keywords: a parenthesis is opened where a word or an operator belongs"
        }
        Some(Token::Close) => "keywords: a parenthesis is closed that was not opened, or is empty",
        Some(Token::And) => "keywords: a word is missing before or after `and`",
        Some(Token::Or) => "keywords: a word is missing before or after `or`",
        Some(Token::Not) => "keywords: `not` stands where a parenthesis belongs",
        Some(_) => "keywords: a word stands where a parenthesis belongs",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(statement: &str, line: &str) -> bool {
        Keywords::parse(statement).expect(statement).matches(line)
    }

    #[test]
    fn words_are_whole_and_their_order_and_case_do_not_matter() {
        let line = "2023-01-01 09:30:00 INFO GET /var/log 200";
        for statement in [
            "",
            "  ",
            "get",
            "GET 200",
            "200 and GET",
            "200 AND get",
            "GET&&200",
            "var/log",
            "log/var",
            "2023-01-01",
            "2023-01*",
            "20*-01",
            "content:GET",
            "content:\"var:log\"",
            "\"09:30:00\"",
            "GET or POST",
            "POST || GET",
            "not POST",
            "GET not POST",
            "(GET or POST) and 200",
            "=",
            "POST or GET 200",
        ] {
            assert!(matches(statement, line), "{statement}");
        }
        for statement in [
            "2023",
            "GE",
            "POST",
            "GET 404",
            "not GET",
            "200 not GET",
            "(GET or POST) 404",
            "\"GE*\"",
            "PO*",
        ] {
            assert!(!matches(statement, line), "{statement}");
        }
    }

    #[test]
    fn a_phrase_keeps_the_order_of_its_words() {
        let (one, two) = ("this service is lts", "lts is service");
        assert!(matches("#\"is lts\"", one) && !matches("#\"is lts\"", two));
        assert!(matches("#\"lts is\"", two) && !matches("#\"lts is\"", one));
        assert!(matches("is lts", one) && matches("is lts", two));
        assert!(matches("#\"/var/log\"", "in var log") && !matches("#\"var*\"", "in vars"));
    }

    #[test]
    fn operators_are_words_in_quotation_marks_and_quotes_are_escaped() {
        assert!(matches("\"and\"", "salt and pepper") && !matches("\"and\"", "salt"));
        assert!(matches("\"name \\\"01\\\"\"", "name=\"01\""));
        assert!(matches("1and2", "1and2") && !matches("1and2", "1 2"));
    }

    #[test]
    fn each_chinese_character_is_a_word() {
        assert!(matches("超时", "函数执行超时") && matches("#\"执行\"", "函数执行超时"));
        assert!(!matches("#\"行执\"", "函数执行超时"));
    }

    #[test]
    fn hits_are_highlighted_but_not_what_is_excluded() {
        let highlighted = |statement: &str, line: &str| {
            Keywords::parse(statement).expect(statement).highlight(line)
        };
        let on = |text: &str| format!("<HighLightTag>{text}</HighLightTag>");
        assert_eq!(highlighted("log", "this Log is"), format!("this {} is", on("Log")));
        assert_eq!(
            highlighted("#\"is lts\" or lts not x", "lts is lts x"),
            format!("{} {} x", on("lts"), on("is lts"))
        );
        assert_eq!(highlighted("", "all"), "all");
        assert_eq!(highlighted("#\"\"", "all"), "all");
        assert_eq!(highlighted("#\"a b c\"", "a b"), "a b");
    }

    #[test]
    fn a_statement_that_is_not_valid_is_an_error_that_says_why() {
        for (statement, code, reason) in [
            ("*GET", "LTS.0301", "*GET"),
            ("?x", "LTS.0301", "?x"),
            ("a/*", "LTS.0301", "a/*"),
            ("\"open", "LTS.0009", "quotation mark"),
            ("(a", "LTS.0009", "missing at the end"),
            ("a)", "LTS.0009", "not opened"),
            ("()", "LTS.0009", "empty"),
            ("a or", "LTS.0009", "missing at the end"),
            ("and a", "LTS.0009", "before or after `and`"),
            ("status:200", "LTS.0009", "\"status\" is not a field"),
        ] {
            let error = Keywords::parse(statement).expect_err(statement);
            assert_eq!(error.code, code, "{statement}: {error}");
            assert!(error.message.contains(reason), "{statement}: {error}");
        }
        for (large, reason) in [
            ("(".repeat(8000), "within each other"),
            ("not ".repeat(100), "within each other"),
            ("x ".repeat(201), "more than 200 words"),
            ("x".repeat(9000), "more than 8192 bytes"),
        ] {
            let error = Keywords::parse(&large).expect_err(reason);
            assert!(error.message.contains(reason), "{error}");
        }
    }
}
