//! Writes down which flags cargo gives to the compiler: `cargo fg package` asks. It is built apart
//! from the user's project.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    // Always again: a file that is not there has always changed.
    println!("cargo:rerun-if-changed=nothing");
    let flags = env::var_os("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let directory = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(error) = fs::write(directory.join("flags"), flags.as_encoded_bytes()) {
        eprintln!("{}: {error}", directory.display());
        std::process::exit(1);
    }
}
