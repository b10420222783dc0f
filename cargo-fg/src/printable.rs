//! Escapes control characters for a terminal, as the emulator does.

pub(crate) use fg_emulator::printable::{Form, printable};
