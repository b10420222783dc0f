//! Strings that are truncated as they are written, with a note of how much was cut.

use std::fmt::{self, Write};

/// A writer that keeps the beginning of what is written and counts the rest, so that a long
/// `Display` is never in memory as a whole.
#[derive(Debug)]
pub struct Bounded {
    text: String,
    /// The number of bytes written, kept or not.
    length: usize,
    most: usize,
}

impl Bounded {
    /// Keeps at most `most` bytes, in this buffer.
    #[must_use]
    pub fn new(mut buffer: String, most: usize) -> Self {
        buffer.clear();
        Self { text: buffer, length: 0, most }
    }

    /// Returns what was kept, and how many bytes were written.
    #[must_use]
    pub fn into_parts(self) -> (String, usize) {
        (self.text, self.length)
    }
}

impl Write for Bounded {
    #[inline(never)]
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        // Once a piece has been cut, nothing follows it.
        if self.length == self.text.len() {
            let room = self.most - self.text.len();
            self.text.push_str(if piece.len() <= room {
                piece
            } else {
                &piece[..floor_char_boundary(piece, room)]
            });
        }
        self.length = self.length.saturating_add(piece.len());
        Ok(())
    }
}

/// The `Display` of a value, truncated to `most` bytes of JSON.
#[must_use]
#[cold]
#[inline(never)]
pub fn display(value: &dyn fmt::Display, most: usize) -> String {
    let mut bounded = Bounded::new(String::new(), most);
    // A `Display` that fails has written what it could.
    let _ = write!(bounded, "{value}");
    let (text, length) = bounded.into_parts();
    cut(text, length, most)
}

/// A string, truncated to `most` bytes of JSON.
pub(crate) fn text(text: String, most: usize) -> String {
    let length = text.len();
    cut(text, length, most)
}

/// At most `most` strings, each truncated to `most_each` bytes. One more entry says that there were
/// others.
#[cold]
#[inline(never)]
pub(crate) fn list(
    texts: &mut dyn Iterator<Item = String>,
    most: usize,
    most_each: usize,
) -> Vec<String> {
    let mut list = Vec::new();
    for item in texts {
        if list.len() == most {
            list.push(".. and others".to_owned());
            break;
        }
        list.push(text(item, most_each));
    }
    list
}

/// The beginning of a string that had `length` bytes, with the number of bytes that are missing.
#[inline(never)]
fn cut(mut text: String, length: usize, most: usize) -> String {
    if length == text.len() && fits(&text, most) {
        return text;
    }
    // What is left free is for the size of the rest, and for words that are put in front of the
    // text later.
    text.truncate(end_within(&text, most - (most / 8).max(40).min(most)));
    text.shrink_to_fit();
    let rest = length - text.len();
    // Writing to memory cannot fail.
    let _ = write!(text, ".. ({rest} bytes cut)");
    text
}

fn fits(text: &str, most: usize) -> bool {
    text.len() <= most && end_within(text, most) == text.len()
}

/// The length of the longest prefix whose JSON has at most `most` bytes.
#[must_use]
pub fn end_within(text: &str, most: usize) -> usize {
    // No character becomes longer than six times its bytes.
    if text.len() * 6 <= most {
        return text.len();
    }
    let mut size = 0;
    for (at, character) in text.char_indices() {
        size += size_in_json(character);
        if size > most {
            return at;
        }
    }
    text.len()
}

fn size_in_json(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        character if crate::printable::is_unprintable(character) => 6,
        character => character.len_utf8(),
    }
}

/// As the method of `str` that newer versions of Rust have.
fn floor_char_boundary(text: &str, end: usize) -> usize {
    (0..=end).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_fits_is_left_as_it_is() {
        assert_eq!(text("hello".to_owned(), 100), "hello");
        assert_eq!(display(&"hello", 100), "hello");
        assert_eq!(display(&"x".repeat(100), 100), "x".repeat(100));
    }

    #[test]
    fn a_longer_one_says_how_much_was_cut() {
        let long = "x".repeat(1000);
        assert_eq!(display(&long, 100), format!("{}.. (940 bytes cut)", "x".repeat(60)));
        assert_eq!(text(long, 100), format!("{}.. (940 bytes cut)", "x".repeat(60)));
    }

    #[test]
    fn what_is_put_in_front_of_a_cut_text_does_not_cut_it_again() {
        let once = display(&"x".repeat(1_000_000), crate::limits::MESSAGE);
        let prefixed = format!("the function could not be initialised: {once}");
        assert_eq!(text(prefixed.clone(), crate::limits::MESSAGE), prefixed);
    }

    #[test]
    fn a_list_is_not_read_further_than_it_is_kept() {
        let mut made = 0;
        let endless = std::iter::from_fn(|| {
            made += 1;
            Some(made.to_string())
        });
        assert_eq!(list(&mut { endless }, 2, 100), ["1", "2", ".. and others"]);
        assert_eq!(made, 3);
    }

    proptest! {
        #[test]
        fn no_text_has_more_json_than_it_may(piece in any::<String>(), times in 0_usize..200, most in 64_usize..2000) {
            let whole = piece.repeat(times);
            for cut in [display(&whole, most), text(whole.clone(), most)] {
                let mut json = serde_json::to_vec(&cut).expect("a string is JSON");
                crate::printable::escape_json(&mut json, 0);
                prop_assert!(json.len() - 2 <= most, "{} of {most}", json.len());
                prop_assert!(cut == whole || cut.ends_with(" bytes cut)"));
            }
        }
    }
}
