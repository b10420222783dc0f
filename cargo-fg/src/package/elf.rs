//! What a binary needs of the system that it runs on.

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

/// The needs of an ELF file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The processor, as people call it.
    pub(super) machine: String,
    pub(super) is_x86_64: bool,
    /// The program that has to load it.
    pub(super) interpreter: Option<String>,
    /// The libraries that have to be there.
    pub(super) libraries: Vec<String>,
    /// The newest version of glibc that it asks for.
    pub(super) glibc: Option<(u32, u32)>,
}

impl Needs {
    pub(super) fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.libraries.is_empty()
    }
}

/// The needs of this file; nothing where it is not ELF, and the reason where it is a broken one.
pub(super) fn needs(file: &[u8]) -> Option<Result<Needs, String>> {
    match FileKind::parse(file).ok()? {
        FileKind::Elf32 => Some(read::<elf::FileHeader32<Endianness>>(file)),
        FileKind::Elf64 => Some(read::<elf::FileHeader64<Endianness>>(file)),
        _ => None,
    }
}

fn read<Header: FileHeader<Endian = Endianness>>(file: &[u8]) -> Result<Needs, String> {
    read_with::<Header>(file).map_err(|error| error.to_string())
}

fn read_with<Header: FileHeader<Endian = Endianness>>(file: &[u8]) -> object::Result<Needs> {
    let header = Header::parse(file)?;
    let endian = header.endian()?;
    let is_x86_64 = header.e_machine(endian) == elf::EM_X86_64 && header.is_class_64();
    let mut needs =
        Needs { machine: machine(header.e_machine(endian).0), is_x86_64, ..Needs::default() };
    for segment in header.program_headers(endian, file)? {
        if let Some(interpreter) = segment.interpreter(endian, file)? {
            needs.interpreter = Some(String::from_utf8_lossy(interpreter).into_owned());
        }
    }
    let sections = header.sections(endian, file)?;
    let dynamic = sections.dynamic_table(endian, file)?;
    for entry in dynamic.iter().filter(|entry| entry.tag == elf::DT_NEEDED) {
        needs.libraries.push(String::from_utf8_lossy(dynamic.string(entry)?).into_owned());
    }
    if let Some((mut files, strings)) = sections.gnu_verneed(endian, file)? {
        let strings = sections.strings(endian, file, strings)?;
        while let Some((_, mut versions)) = files.next()? {
            while let Some(version) = versions.next()? {
                let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
                needs.glibc = needs.glibc.max(glibc_version(&name));
            }
        }
    }
    Ok(needs)
}

/// `GLIBC_2.34` is 2.34.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn machine(number: u16) -> String {
    match number {
        3 => "x86 of 32 bits".into(),
        40 => "ARM of 32 bits".into(),
        62 => "x86-64".into(),
        183 => "ARM of 64 bits".into(),
        243 => "RISC-V".into(),
        other => format!("the machine {other} of ELF"),
    }
}
