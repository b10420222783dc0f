//! What is shown on a terminal, as the emulator shows it.

pub(crate) use fg_emulator::printable::{Form, printable};
