//! `cargo fg` from end to end: the real program, real projects, real processes.

mod commands;
mod dev;
mod fg;
mod http;
mod invoke;
mod new;
mod package;
mod package_causes;
mod package_flags;
mod package_image;
mod package_includes;
mod transcript;
