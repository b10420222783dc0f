//! What others wrote, made fit for a terminal and a log.

/// How much of a message is kept.
const LONGEST: usize = 2000;

/// One line of at most 2000 characters without control characters: what a server says may hold
/// line breaks and the sequences that steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut printable: String = text.trim().chars().take(LONGEST).map(visible).collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        printable.push('…');
    }
    printable
}

fn visible(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '?'
        }
        character if character.is_control() => '?',
        character => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(printable(" a\nb\u{1b}[2Jc\u{202e}d "), "a b?[2Jc?d");
        assert_eq!(printable("函数 é"), "函数 é");
    }

    #[test]
    fn long_messages_are_cut() {
        assert_eq!(printable(&"é".repeat(3000)).chars().count(), 2001);
        assert_eq!(printable(&"é".repeat(2000)).chars().count(), 2000);
    }
}
