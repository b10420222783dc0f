//! Tests that the README says the same in English and in Chinese, as far as a program can tell.

use super::markdown::{Section, read, sections};

const LANGUAGES: [&str; 2] = ["English | [中文](README.zh-CN.md)", "[English](README.md) | 中文"];

/// Headings that are names.
const NAMES: [&str; 2] = ["# fg", "## HTTP"];

/// The sections of both, without the line that leads from one to the other.
fn both() -> [Vec<Section>; 2] {
    [("README.md", LANGUAGES[0]), ("README.zh-CN.md", LANGUAGES[1])].map(|(path, line)| {
        let text = read(path);
        assert_eq!(text.matches(line).count(), 1, "{path} has the line: {line}");
        sections(&text.replace(line, ""))
    })
}

#[test]
fn the_chinese_readme_has_the_sections_programs_tables_and_links_of_the_english_one() {
    let [english, chinese] = both();
    let levels =
        |sections: &[Section]| -> Vec<_> { sections.iter().map(|section| section.level).collect() };
    assert_eq!(levels(&english), levels(&chinese));
    for (english, chinese) in english.iter().zip(&chinese) {
        let title = english.paragraphs.first().map_or("", |title| title);
        assert_eq!(english.code, chinese.code, "{title}");
        assert_eq!(english.tables, chinese.tables, "{title}");
        assert_eq!(english.links(), chinese.links(), "{title}");
        assert_eq!(english.inline_code(), chinese.inline_code(), "{title}");
        assert_eq!(english.paragraphs.len(), chinese.paragraphs.len(), "{title}");
    }
}

#[test]
fn the_chinese_readme_is_in_chinese() {
    let is_chinese = |char: char| ('\u{4e00}'..='\u{9fff}').contains(&char);
    let [_, chinese] = both();
    for section in &chinese {
        for paragraph in section.paragraphs.iter().filter(|text| !NAMES.contains(&text.as_str())) {
            assert!(paragraph.contains(is_chinese), "{paragraph}");
        }
    }
}

#[test]
fn the_headings_that_both_link_to_are_there() {
    let mut count = 0;
    for section in both().iter().flatten() {
        for link in section.links().into_iter().filter(|link| !link.starts_with("https://")) {
            let Some((path, heading)) = link.split_once('#') else { continue };
            let text = read(path);
            let headings = text.lines().filter(|line| line.starts_with('#'));
            assert!(headings.map(anchor).any(|anchor| anchor == heading), "{link}");
            count += 1;
        }
    }
    assert!(count >= 2);
}

/// The name that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let text = text.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    text.map(|char| if char == ' ' { '-' } else { char }).collect()
}
