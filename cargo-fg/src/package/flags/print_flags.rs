//! The build script that writes the flags of the compiler to a file, for `cargo fg package`. It is
//! not part of the user's project.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    // A missing file makes cargo run this script for every build.
    println!("cargo:rerun-if-changed=nothing");
    let flags = env::var_os("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let directory = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(error) = fs::write(directory.join("flags"), flags.as_encoded_bytes()) {
        eprintln!("{}: {error}", directory.display());
        std::process::exit(1);
    }
}
