//! What a binary requires of the system that it runs on.

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

/// The requirements of an ELF file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requirements {
    /// The name of the processor architecture.
    pub(super) machine: String,
    pub(super) is_x86_64: bool,
    /// The path of the dynamic linker.
    pub(super) interpreter: Option<String>,
    /// The shared libraries.
    pub(super) libraries: Vec<String>,
    /// The newest glibc version of its symbols.
    pub(super) glibc: Option<(u32, u32)>,
}

impl Requirements {
    pub(super) fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.libraries.is_empty()
    }
}

/// The requirements of a file: `None` if it is not ELF, and an error if it is invalid.
pub(super) fn requirements(file: &[u8]) -> Option<Result<Requirements, String>> {
    match FileKind::parse(file).ok()? {
        FileKind::Elf32 => Some(read::<elf::FileHeader32<Endianness>>(file)),
        FileKind::Elf64 => Some(read::<elf::FileHeader64<Endianness>>(file)),
        _ => None,
    }
}

fn read<Header: FileHeader<Endian = Endianness>>(file: &[u8]) -> Result<Requirements, String> {
    read_with::<Header>(file).map_err(|error| error.to_string())
}

fn read_with<Header: FileHeader<Endian = Endianness>>(file: &[u8]) -> object::Result<Requirements> {
    let header = Header::parse(file)?;
    let endian = header.endian()?;
    let is_x86_64 = header.e_machine(endian) == elf::EM_X86_64 && header.is_class_64();
    let mut required = Requirements {
        machine: machine(header.e_machine(endian).0),
        is_x86_64,
        ..Requirements::default()
    };
    for segment in header.program_headers(endian, file)? {
        if let Some(interpreter) = segment.interpreter(endian, file)? {
            required.interpreter = Some(String::from_utf8_lossy(interpreter).into_owned());
        }
    }
    let sections = header.sections(endian, file)?;
    let dynamic = sections.dynamic_table(endian, file)?;
    for entry in dynamic.iter().filter(|entry| entry.tag == elf::DT_NEEDED) {
        required.libraries.push(String::from_utf8_lossy(dynamic.string(entry)?).into_owned());
    }
    if let Some((mut files, strings)) = sections.gnu_verneed(endian, file)? {
        let strings = sections.strings(endian, file, strings)?;
        while let Some((_, mut versions)) = files.next()? {
            while let Some(version) = versions.next()? {
                let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
                required.glibc = required.glibc.max(glibc_version(&name));
            }
        }
    }
    Ok(required)
}

/// Parses `GLIBC_2.34`.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn machine(number: u16) -> String {
    match number {
        3 => "32-bit x86".into(),
        40 => "32-bit ARM".into(),
        62 => "x86-64".into(),
        183 => "64-bit ARM".into(),
        243 => "RISC-V".into(),
        other => format!("the ELF machine {other}"),
    }
}
