//! What the compiler says about the mistakes that people make with `#[fg::handler]`.
//! `tests/ui/README.md` explains the files.

mod compiler;
mod expected;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use compiler::{Messages, Package, compile};
use expected::Expected;

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

/// The Rust files of a folder and of the folders in it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn text_of(file: &Path) -> String {
    std::fs::read_to_string(file).expect("the file can be read")
}

fn is_in(file: &Path, family: &str) -> bool {
    file.starts_with(ui().join(family))
}

/// The files with mistakes, which are compiled once for all tests.
fn mistakes() -> &'static (Vec<PathBuf>, Messages) {
    static MISTAKES: OnceLock<(Vec<PathBuf>, Messages)> = OnceLock::new();
    MISTAKES.get_or_init(|| {
        let mut files = files(&ui());
        files.retain(|file| !is_in(file, "hygiene"));
        let of = |family: &str| files.iter().filter(|file| is_in(file, family)).cloned().collect();
        let (renamed, running) = (of("renamed_crate"), of("running"));
        let named = files
            .iter()
            .filter(|file| !is_in(file, "renamed_crate") && !is_in(file, "running"))
            .cloned()
            .collect();
        let package = |name, fg, programs| Package {
            name,
            edition: "2024",
            fg,
            library: None,
            programs,
            is_http: name == "running",
            manifest: String::new(),
        };
        let messages = compile(
            "check",
            &[
                package("mistakes", "fg", named),
                package("renamed_crate", "faas", renamed),
                package("running", "fg", running),
            ],
        );
        (files, messages)
    })
}

#[test]
fn each_mistake_has_its_message_and_no_other() {
    let (files, messages) = mistakes();
    let mut wrong = String::new();
    for file in files {
        for difference in Expected::read(&text_of(file)).differences(&messages[file]) {
            wrong += &format!("\n{}\n{difference}\n", file.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// It prints the line of the function that was called with too many arguments, and there a comment
/// of ours stands.
#[test]
fn the_compiler_prints_how_an_entry_point_is_written() {
    let (_, messages) = mistakes();
    let said = &messages[&ui().join("surroundings/handler_as_argument.rs")];
    for (message, written) in said.iter().zip(["`Function::of::<greet>()`", "`fg::run::<greet>()`"])
    {
        assert!(message.rendered.contains(&format!("write {written}")), "{}", message.rendered);
    }
    assert_eq!(said.len(), 2);
}

/// Rows of the catalogue that no file can show.
const WITHOUT_A_FILE: [(u32, &str); 1] = [(
    62,
    "two handlers of one name: `cargo check` does not see it, because the names are compared when the program is built; \
     an example in the documentation of `fg` fails to compile",
)];

#[test]
fn each_row_of_the_catalogue_has_a_file_or_a_reason() {
    let mut covered: BTreeSet<u32> = WITHOUT_A_FILE.iter().map(|(row, _)| *row).collect();
    for file in files(&ui()) {
        let text = text_of(&file);
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("// "),
            "the first line of {} does not say what it is about",
            file.display()
        );
        covered.extend(rows(first));
    }
    let accepted = text_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/handler.rs"));
    covered.extend(accepted.lines().flat_map(|line| rows(line.trim_start())));
    assert_eq!(covered, (1..=100).collect());
}

/// The numbers in `// row 3: ..` or `// rows 3, 4 and 5`.
fn rows(line: &str) -> Vec<u32> {
    let Some(rest) = line.strip_prefix("// rows ").or_else(|| line.strip_prefix("// row ")) else {
        return Vec::new();
    };
    let numbers = rest.split(':').next().unwrap_or_default();
    numbers.split([',', ' ']).filter_map(|number| number.parse().ok()).collect()
}

/// The mistakes that other frameworks were measured with: how many errors there are, and what the
/// first one underlines.
const SHOOT_OUT: [(&str, &str, usize, &str); 8] = [
    ("event type lacks its trait", "arguments/event_without_deserialize", 1, "Greeting"),
    ("success type lacks its trait", "result/reply_without_serialize", 1, "Reply"),
    ("error type lacks its trait", "result/error_without_display", 1, "Lost"),
    ("future not `Send`", "function/not_send", 1, "greet"),
    ("not `async`", "function/not_async", 1, "fn"),
    ("no return type", "result/none", 1, ")"),
    ("an argument that cannot be supplied", "arguments/not_supplied", 1, "String"),
    ("syntax error in the body, and type errors", "function/half_typed", 4, "}"),
];

#[test]
fn the_eight_mistakes_of_the_shoot_out_are_one_error_each_on_the_right_text() {
    let (_, messages) = mistakes();
    for (mistake, file, errors, under) in SHOOT_OUT {
        let said = &messages[&ui().join(file).with_extension("rs")];
        let lines: usize = said.iter().map(compiler::Message::lines).sum();
        println!("| {mistake} | {} / {lines} / `{}` |", said.len(), said[0].under);
        assert_eq!((said.len(), &*said[0].under), (errors, under), "{mistake}");
    }
}

/// The lints about lints: some of those that rustc lists are not stable.
const NOT_ASKED: [&str; 2] = ["unknown_lints", "warnings"];

/// The lint about groups of lints, and one that contradicts another.
const NOT_ASKED_OF_CLIPPY: [&str; 2] = ["blanket_clippy_restriction_lints", "needless_return"];

/// Every lint that the compiler knows, denied; or forbidden, so that no generated code may allow
/// one.
fn all_lints(level: &str) -> String {
    let help =
        Command::new("rustc").args(["-W", "help"]).output().expect("rustc can be started").stdout;
    let help = String::from_utf8(help).expect("rustc speaks UTF-8");
    let lint = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, level) = (words.next()?, words.next()?);
        ["allow", "warn", "deny", "forbid"].contains(&level).then(|| name.replace('-', "_"))
    };
    let mut table = "\n[lints.rust]\n".to_owned();
    let lints: BTreeSet<String> = help.lines().filter_map(lint).collect();
    assert!(lints.len() > 100, "rustc lists its lints in another way:\n{help}");
    for lint in lints.iter().filter(|lint| !NOT_ASKED.contains(&&***lint)) {
        table += &format!("{lint} = \"{level}\"\n");
    }
    table += "unknown_lints = \"allow\"\n\n[lints.clippy]\n";
    // Those of the group `cargo` are about Cargo.toml, and want the crates of every system to be
    // there.
    for group in ["all", "nursery", "pedantic", "restriction"] {
        // Some lints of these two have to be allowed.
        let level = if ["all", "restriction"].contains(&group) { "deny" } else { level };
        table += &format!("{group} = {{ level = \"{level}\", priority = -1 }}\n");
    }
    for lint in NOT_ASKED_OF_CLIPPY {
        table += &format!("{lint} = \"allow\"\n");
    }
    table
}

#[test]
fn nothing_is_said_about_generated_code_whatever_the_names_the_edition_and_the_lints() {
    let folder = ui().join("hygiene");
    let names = |name, edition| Package {
        name,
        edition,
        fg: "fg",
        library: None,
        programs: ["names_taken.rs", "no_implicit_prelude.rs", "values_taken.rs", "deprecated.rs"]
            .map(|file| folder.join(file))
            .into(),
        is_http: false,
        manifest: String::new(),
    };
    let lints = |name, edition, level| Package {
        name,
        edition,
        fg: "fg",
        library: Some(folder.join("library.rs")),
        programs: Vec::new(),
        is_http: false,
        manifest: all_lints(level),
    };
    let messages = compile(
        "clippy",
        &[
            names("names-2018", "2018"),
            names("names-2021", "2021"),
            names("names-2024", "2024"),
            lints("lints-2018", "2018", "deny"),
            lints("lints-2021", "2021", "deny"),
            lints("lints-2024", "2024", "deny"),
            lints("forbidden-2024", "2024", "forbid"),
        ],
    );
    let ours =
        messages.iter().filter(|(file, _)| file.starts_with(&folder)).flat_map(|(_, said)| said);
    let said = ours.filter(|message| message.code.as_deref() != Some("unknown_lints"));
    let rendered: String = said.map(|message| message.rendered.as_str()).collect();
    assert!(rendered.is_empty(), "{rendered}");
}
