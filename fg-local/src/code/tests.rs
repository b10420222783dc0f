//! Packages that are made to do harm, byte by byte.

#![allow(clippy::unwrap_used, reason = "a test ends where something else happens")]

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const FOLDER: u32 = 0o040_755;
const LINK: u32 = 0o120_777;

/// An entry as it stands in a zip file, with whatever it says about itself.
#[derive(Clone, Debug)]
struct Raw {
    name: Vec<u8>,
    mode: u32,
    /// 1 is encrypted, 8 says that the sizes follow the data.
    flags: u16,
    /// 0 is stored, 8 is deflated.
    method: u16,
    data: Vec<u8>,
    crc: u32,
    /// Unpacked.
    size: u32,
    /// Where it begins, if not where it is written.
    offset: Option<u32>,
}

impl Raw {
    fn new(name: impl AsRef<[u8]>, mode: u32, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.as_ref().to_owned(),
            mode,
            flags: 0,
            method: 0,
            data: content.to_owned(),
            crc: crc.sum(),
            size: content.len() as u32,
            offset: None,
        }
    }

    fn deflated(self) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.data).unwrap();
        Self { method: 8, data: encoder.finish().unwrap(), ..self }
    }
}

/// The zip file of these entries (APPNOTE.TXT 4.3).
fn zip(entries: &[Raw]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let Raw { name, mode, flags, method, data, crc, size, offset } = entry;
        let offset = offset.unwrap_or(file.len() as u32);
        let mut same = Vec::new();
        for field in [20, *flags, *method, 0, 0x21] {
            same.extend(u16::to_le_bytes(field));
        }
        for field in [*crc, data.len() as u32, *size] {
            same.extend(u32::to_le_bytes(field));
        }
        same.extend((name.len() as u16).to_le_bytes());
        same.extend(0u16.to_le_bytes());

        file.extend(b"PK\x03\x04");
        file.extend(&same);
        file.extend(name);
        file.extend(data);

        // Made on Unix, so that the upper half of the attributes is the mode.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&same);
        directory.extend([0; 6]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name);
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(end(entries.len() as u16, directory.len() as u32, start));
    file
}

/// The end of a zip file: the place of its directory.
fn end(entries: u16, size: u32, start: u32) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend(entries.to_le_bytes());
    end.extend(entries.to_le_bytes());
    end.extend(size.to_le_bytes());
    end.extend(start.to_le_bytes());
    end.extend(0u16.to_le_bytes());
    end
}

fn unpack_into_new_folder(package: &[u8]) -> Result<TempDir, PackageError> {
    let folder = TempDir::new().unwrap();
    unpack(package, folder.path())?;
    Ok(folder)
}

/// The sentence with which a package is refused, both when it comes and when it is unpacked.
#[track_caller]
fn refusal(entries: &[Raw]) -> String {
    let package = zip(entries);
    let refused = check(&package).unwrap_err();
    assert_eq!(unpack_into_new_folder(&package).unwrap_err(), refused);
    let PackageError::Refused(sentence) = refused else { panic!("{refused:?}") };
    sentence
}

#[test]
fn files_folders_and_the_bit_of_programs_are_unpacked() {
    let package = zip(&[
        Raw::new("./bootstrap", PROGRAM, "#!/bin/sh"),
        Raw::new("lib/", FOLDER, ""),
        Raw::new("lib/deep/x.so", FILE, vec![7; 100_000]).deflated(),
        Raw::new("empty", FILE, ""),
        Raw::new("数据", 0, "from a system without modes"),
        Raw::new("./", FOLDER, ""),
    ]);
    check(&package).unwrap();
    let folder = unpack_into_new_folder(&package).unwrap();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("bootstrap"), b"#!/bin/sh");
    assert_eq!(read("lib/deep/x.so"), vec![7; 100_000]);
    assert_eq!(read("empty"), b"");
    // Without the flag for UTF-8 a name is in code page 437.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    #[cfg(unix)]
    for (name, expected) in [("bootstrap", 0o755), ("lib/deep/x.so", 0o644), ("lib", 0o755)] {
        use std::os::unix::fs::PermissionsExt;

        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & expected, expected, "{name}");
        assert_eq!(mode & 0o7111, if expected == 0o755 { 0o111 } else { 0 }, "{name}");
    }
}

#[test]
fn what_is_no_zip_file_is_answered_as_the_platform_does() {
    let cut = zip(&[Raw::new("bootstrap", PROGRAM, "#!/bin/sh")]);
    let no_end = &cut[..cut.len() - 1];
    let no_start = &cut[40..];
    let mut beyond = cut.clone();
    let at = cut.len() - 6;
    beyond[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    for package in [b"".as_slice(), b"PK", b"#!/bin/sh\necho", no_end, no_start, &beyond] {
        let error = check(package).unwrap_err();
        assert!(matches!(error, PackageError::NotZip(_)), "{error:?}");
        assert_eq!(error.to_string(), "zip: not a valid zip file");
    }
}

#[test]
fn a_package_of_more_than_50_mb_is_refused() {
    let package = vec![0; MAX_PACKAGE as usize + 1];
    assert_eq!(check(&package), Err(PackageError::TooLarge(MAX_PACKAGE + 1)));
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for (name, reason) in [
        ("../x", "has a part .., which leaves a folder"),
        ("a/../../x", "has a part .., which leaves a folder"),
        ("/etc/passwd", "is absolute"),
        ("C:/x", "begins with a drive letter"),
        ("c:x", "begins with a drive letter"),
        ("..\\x", "has a backslash"),
        ("\\\\server\\x", "has a backslash"),
        ("a\0b", "has a control character"),
        ("a\x1b]0;x\x07", "has a control character"),
        ("", "is empty"),
    ] {
        let sentence = refusal(&[Raw::new("bootstrap", PROGRAM, ""), Raw::new(name, FILE, "x")]);
        assert!(sentence.contains(&format!("{name:?} {reason}")), "{sentence}");
    }
}

#[test]
fn entries_that_would_be_unpacked_to_one_place_are_refused() {
    let file = |name: &str| Raw::new(name, FILE, name);
    for (entries, reason) in [
        (vec![file("a"), file("a")], r#""a" of the package is in the package twice"#),
        (vec![file("a"), file("./a")], r#""a" of the package is in the package twice"#),
        (vec![file("a"), Raw::new("a/", FOLDER, "")], r#""a" of the package is in"#),
        (vec![file("a/b"), file("a")], r#""a/b" of the package is below "a", which is no folder"#),
        (
            vec![Raw::new("a", LINK, "b"), file("b/x"), file("a/x")],
            r#""a/x" of the package is below "a", which is no folder"#,
        ),
        (vec![file("a"), Raw::new("a", LINK, "b")], r#""a" of the package is in the package"#),
    ] {
        let sentence = refusal(&entries);
        assert!(sentence.contains(reason), "{sentence}");
    }
    let folders = [Raw::new("a/", FOLDER, ""), Raw::new("a/", FOLDER, ""), file("a/x")];
    unpack_into_new_folder(&zip(&folders)).unwrap();
}

#[test]
fn devices_and_programs_of_other_users_are_refused() {
    for (mode, reason) in [
        (0o020_666, "is a device, a pipe or a socket"),
        (0o060_666, "is a device, a pipe or a socket"),
        (0o010_666, "is a device, a pipe or a socket"),
        (0o140_666, "is a device, a pipe or a socket"),
        (0o104_755, "runs as another user"),
        (0o102_755, "runs as another user"),
    ] {
        let sentence = refusal(&[Raw::new("x", mode, "")]);
        assert!(sentence.contains(r#""x""#) && sentence.contains(reason), "{sentence}");
    }
}

#[cfg(unix)]
#[test]
fn links_stay_in_the_folder() {
    for target in ["../x", "..", "../../x", "/etc/passwd", "", "d/../../x", "d/..", "\x1b"] {
        let entries = [Raw::new("d/x", FILE, ""), Raw::new("l", LINK, target)];
        let sentence = refusal(&entries);
        assert!(sentence.contains(r#""l""#), "{target:?}: {sentence}");
    }
    let long = refusal(&[Raw::new("l", LINK, "x".repeat(1025))]);
    assert!(long.contains("1024"), "{long}");

    // The first leads to the top, so that what looks like d1 from there would be above it.
    let through = refusal(&[
        Raw::new("d1/d2/d3/l", LINK, "../../.."),
        Raw::new("m", LINK, "d1/d2/d3/l/../.."),
    ]);
    assert!(through.contains(r#""m""#), "{through}");

    let folder = unpack_into_new_folder(&zip(&[
        Raw::new("lib/libx.so", LINK, "libx.so.1"),
        Raw::new("lib/libx.so.1", FILE, "code"),
        Raw::new("bin/x/up", LINK, "../../lib/libx.so"),
        Raw::new("top", LINK, "./lib"),
        Raw::new("dangling", LINK, "nothing"),
    ]))
    .unwrap();
    for name in ["lib/libx.so", "bin/x/up", "top/libx.so"] {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "code", "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let plain = || Raw::new("x", FILE, "content");
    let stored = |entry: Raw| refusal(&[entry]);
    assert!(stored(Raw { flags: 1, ..plain() }).contains(r#""x" of the package is encrypted"#));
    assert!(stored(Raw { method: 12, ..plain() }).contains("in another way than deflate"));
    let outside = stored(Raw { offset: Some(1 << 30), ..plain() });
    assert!(outside.contains(r#""x" of the package cannot be read"#), "{outside}");

    // These are only seen when they are unpacked.
    for entry in [
        Raw { crc: 1, ..plain() },
        Raw { data: b"\xff\xff\xff".to_vec(), method: 8, ..plain() },
        Raw { size: 100, ..plain() },
        Raw { size: 100, ..plain().deflated() },
    ] {
        let package = zip(&[entry]);
        check(&package).unwrap();
        let Err(PackageError::Refused(sentence)) = unpack_into_new_folder(&package) else {
            panic!("it is unpacked")
        };
        assert!(sentence.contains(r#""x""#), "{sentence}");
    }
}

#[test]
fn a_package_that_says_it_becomes_too_large_is_refused() {
    let entry = |name: &str| Raw { size: 800 << 20, ..Raw::new(name, FILE, vec![0; 4 << 20]) };
    let sentence = refusal(&[entry("a"), entry("b")]);
    assert!(sentence.contains("1677721600 bytes") && sentence.contains(r#""a""#), "{sentence}");

    let zeros = Raw::new("zeros", FILE, vec![0; 1000]).deflated();
    let sentence = refusal(&[Raw { size: 40 << 20, ..zeros }]);
    assert!(sentence.contains("200 times") && sentence.contains(r#""zeros""#), "{sentence}");
}

#[test]
fn a_package_that_hides_its_size_is_not_unpacked_beyond_what_it_says() {
    let bomb = Raw { size: 10, ..Raw::new("bomb", FILE, vec![0; 1 << 20]).deflated() };
    let package = zip(&[bomb]);
    check(&package).unwrap();
    let folder = TempDir::new().unwrap();
    let error = unpack(&package, folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the entry "bomb" of the package says that it has 10 bytes, and has not"#
    );
    assert!(fs::metadata(folder.path().join("bomb")).unwrap().len() <= 10);
}

#[test]
fn entries_that_share_their_bytes_count_each_time() {
    // All entries have the bytes of the first, so that a few MB become gigabytes.
    let first = Raw { size: 30 << 20, ..Raw::new("0", FILE, vec![0; 2 << 20]) };
    let others = (1..60).map(|number| Raw {
        name: number.to_string().into_bytes(),
        offset: Some(0),
        data: Vec::new(),
        ..first.clone()
    });
    let entries: Vec<_> = std::iter::once(first.clone()).chain(others).collect();
    let sentence = refusal(&entries);
    assert!(sentence.contains("when it is unpacked"), "{sentence}");
}

#[test]
fn too_many_entries_are_refused() {
    let entries: Vec<_> =
        (0..50_001).map(|number| Raw::new(number.to_string(), FILE, "")).collect();
    assert!(refusal(&entries).contains("50001 entries"));
}

#[test]
fn a_package_with_many_false_ends_is_read_for_a_short_time() {
    // Each end names a directory of many entries that is damaged at its end, so that the one before
    // it is tried.
    let entries: Vec<_> = (0..40_000).map(|_| Raw::new("", FILE, "")).collect();
    let mut package = zip(&entries);
    let start = 30 * entries.len() as u32;
    for _ in 0..100_000 {
        package.extend(end(60_000, 1, start));
    }
    assert!(package.len() < MAX_PACKAGE as usize);
    let error = check(&package).unwrap_err();
    assert!(format!("{error:?}").contains("its directory is too large"), "{error:?}");
}

#[test]
fn one_file_is_a_package_of_that_file() {
    let package = pack_file("index.py", b"def handler(event, context): pass").unwrap();
    assert_eq!(package, pack_file("index.py", b"def handler(event, context): pass").unwrap());
    let folder = unpack_into_new_folder(&package).unwrap();
    assert!(fs::read_to_string(folder.path().join("index.py")).unwrap().starts_with("def"));
    for name in ["", "../x", "a/b", "/x", "./x", ".", "x\n", "a\\b"] {
        let error = pack_file(name, b"").unwrap_err().to_string();
        assert!(error.contains(&format!("{name:?}")), "{error}");
    }
}

#[test]
fn a_missing_program_is_explained() {
    let hint = |entries: &[Raw]| {
        let folder = unpack_into_new_folder(&zip(entries)).unwrap();
        Unpacked::new(folder.path().to_owned()).hint("bootstrap")
    };
    let file = |name: &str| Raw::new(name, FILE, "");
    assert_eq!(hint(&[]), "the package is empty");
    assert_eq!(
        hint(&[file("dist/bootstrap"), file("dist/x")]),
        r#"it is in the folder "dist", and has to be at the top: pack what is in that folder, not the folder"#
    );
    assert_eq!(hint(&[file("b"), file("a")]), r#"at the top there is "a", "b""#);
    let many: Vec<_> = ('a'..='g').map(|letter| file(&letter.to_string())).collect();
    assert_eq!(hint(&many), r#"at the top there is "a", "b", "c", "d", "e" and 2 more"#);
    assert_eq!(hint(&[file("bootstrap/x")]), r#""bootstrap" is a folder"#);
    if cfg!(unix) {
        assert!(hint(&[file("bootstrap")]).starts_with("it is there, but not executable"));
    }
}

/// Names and targets of links that are made of what may do harm.
fn any_path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["a", "b", "c", "..", ".", "", "d", "C:", "a\\b", "e\0"]);
    // Mostly parts that are harmless, so that packages are unpacked at all.
    let part = prop_oneof![4 => prop::sample::select(vec!["a", "b", "c", "d"]), 1 => part];
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
}

fn any_entry() -> impl Strategy<Value = Raw> {
    let mode = prop::sample::select(vec![FILE, PROGRAM, FOLDER, LINK, LINK, LINK, 0]);
    // Often only `..`, which leads to a folder that is there.
    let target = prop_oneof![Just(String::new()), any_path()];
    (any_path(), mode, target, 0..4u32).prop_map(|(name, mode, target, up)| {
        let target = format!("{}{target}", "../".repeat(up as usize));
        let content = if mode == FOLDER { String::new() } else { target };
        Raw::new(name, mode, content)
    })
}

/// That every file and link below a folder is in the folder.
fn assert_all_inside(folder: &Path, top: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(real) = path.canonicalize() {
            assert!(real.starts_with(top), "{} is {}", path.display(), real.display());
        }
        if path.symlink_metadata().unwrap().is_dir() {
            assert_all_inside(&path, top);
        }
    }
}

#[test]
fn nothing_is_written_outside_of_the_folder_and_no_link_leaves_it() {
    let parent = TempDir::new().unwrap();
    let top = parent.path().canonicalize().unwrap();
    // Deep enough that what leaves the folder is still in `parent`.
    let above = top.join("1/2/3/4/5/6/7/8");
    let folder = above.join("in");
    let entries = prop::collection::vec(any_entry(), 1..5);
    let unpacked = std::cell::Cell::new(0);
    let property = |entries: Vec<Raw>| {
        fs::create_dir_all(&folder).unwrap();
        unpacked.set(unpacked.get() + u32::from(unpack(&zip(&entries), &folder).is_ok()));
        assert_all_inside(&folder, &folder);
        for above in above.ancestors().take_while(|above| above.starts_with(&top)) {
            assert_eq!(fs::read_dir(above).unwrap().count(), 1, "{}", above.display());
        }
        fs::remove_dir_all(&folder).unwrap();
        Ok(())
    };
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) };
    proptest::test_runner::TestRunner::new(config).run(&entries, property).unwrap();
    assert!(unpacked.get() > 50, "hardly anything is unpacked: {}", unpacked.get());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_damaged_package_is_refused_or_unpacked(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut package = zip(&[
            Raw::new("bootstrap", PROGRAM, "#!/bin/sh"),
            Raw::new("lib/x", FILE, vec![1; 500]).deflated(),
            Raw::new("lib/y", LINK, "x"),
            Raw::new("lib/", FOLDER, ""),
        ]);
        for (place, byte) in damage {
            *place.get_mut(&mut package) = byte;
        }
        if is_cut {
            package.truncate(cut.index(package.len()));
        }
        let checked = check(&package);
        let unpacked = unpack_into_new_folder(&package);
        // What is refused when it comes is never unpacked.
        prop_assert!(checked.is_ok() || unpacked.is_err());
    }
}
