//! Reads the parts of Markdown that the tests of documents compare.

use std::path::{Path, PathBuf};

/// A code block: what stands after the fence, and its lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CodeBlock {
    pub(super) language: String,
    pub(super) text: String,
}

/// What stands between two headings.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// The number of `#`, or 0 before the first heading.
    pub(super) level: usize,
    pub(super) code: Vec<CodeBlock>,
    /// The text without code blocks and tables, a paragraph or item each.
    pub(super) paragraphs: Vec<String>,
    /// The number of columns of each row of each table.
    pub(super) tables: Vec<Vec<usize>>,
    /// The cells of all tables.
    pub(super) cells: Vec<String>,
}

impl Section {
    /// The text that readers see, without code blocks.
    fn texts(&self) -> impl Iterator<Item = &String> {
        self.paragraphs.iter().chain(&self.cells)
    }

    /// The code in backticks, sorted.
    pub(super) fn inline_code(&self) -> Vec<&str> {
        let mut code: Vec<_> =
            self.texts().flat_map(|text| text.split('`').skip(1).step_by(2)).collect();
        code.sort_unstable();
        code
    }

    /// The targets of links, sorted.
    pub(super) fn links(&self) -> Vec<&str> {
        let links = self.texts().flat_map(|text| text.split("](").skip(1));
        let mut links: Vec<_> = links.filter_map(|rest| rest.split(')').next()).collect();
        links.sort_unstable();
        links
    }
}

pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut lines = text.lines();
    // Whether the next line continues the last paragraph, or the last table.
    let (mut is_in_paragraph, mut is_in_table) = (false, false);
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        let level = line.chars().take_while(|char| *char == '#').count();
        if level > 0 && line[level..].starts_with(' ') {
            sections.push(Section { level, ..Section::default() });
        }
        let section = sections.last_mut().expect("there is one");
        let is_item = ["- ", "* ", "1. "].iter().any(|mark| trimmed.starts_with(mark));
        let was_in_table = std::mem::take(&mut is_in_table);
        let was_in_paragraph = std::mem::take(&mut is_in_paragraph);
        if let Some(language) = trimmed.strip_prefix("```") {
            let block = lines.by_ref().take_while(|line| line.trim() != "```");
            let text = block.flat_map(|line| [line, "\n"]).collect();
            section.code.push(CodeBlock { language: language.to_owned(), text });
        } else if trimmed.starts_with('|') {
            let cells = cells(trimmed);
            if !was_in_table {
                section.tables.push(Vec::new());
            }
            section.tables.last_mut().expect("there is one").push(cells.len());
            section.cells.extend(cells);
            is_in_table = true;
        } else if !trimmed.is_empty() {
            match section.paragraphs.last_mut().filter(|_| was_in_paragraph && !is_item) {
                Some(paragraph) => paragraph.extend([" ", trimmed]),
                None => section.paragraphs.push(trimmed.to_owned()),
            }
            is_in_paragraph = level == 0;
        }
    }
    sections
}

/// The cells of a row of a table. A `|` within backticks does not end one.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_code = false;
    for char in row.trim_matches('|').chars() {
        match char {
            '`' => is_code = !is_code,
            '|' if !is_code => {
                cells.push(String::new());
                continue;
            }
            _ => {}
        }
        cells.last_mut().expect("there is one").push(char);
    }
    cells
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(super) fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents: the README in both languages, the manual, the README of this crate.
pub(super) fn documents() -> Vec<(String, String)> {
    let mut paths: Vec<_> =
        ["README.md", "README.zh-CN.md", "cargo-fg/README.md"].map(str::to_owned).into();
    for entry in std::fs::read_dir(root().join("docs")).expect("there are documents") {
        let name = entry.expect("it can be read").file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            paths.push(format!("docs/{name}"));
        }
    }
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

#[test]
fn the_parts_of_a_document_are_found() {
    let text = "# A\none `x`\ntwo [l](m)\n\n- i\n- j\n\n| a | `b|c` |\n| - | - |\n\n\
                ```sh\n# no heading\n```\n## B\n";
    let sections = sections(text);
    assert_eq!(sections.iter().map(|section| section.level).collect::<Vec<_>>(), [0, 1, 2]);
    let section = &sections[1];
    assert_eq!(section.paragraphs, ["# A", "one `x` two [l](m)", "- i", "- j"]);
    assert_eq!(section.tables, [[2, 2]]);
    assert_eq!(section.inline_code(), ["b|c", "x"]);
    assert_eq!(section.links(), ["m"]);
    let code = CodeBlock { language: "sh".into(), text: "# no heading\n".into() };
    assert_eq!(section.code, [code]);
}
