//! `cargo fg` from end to end: the real program, real projects, real processes.

mod commands;
mod dev;
mod dev_first_build;
mod dev_rebuild;
mod export;
mod fg;
mod habits;
mod http;
mod invoke;
mod names;
mod new;
mod package;
mod package_causes;
mod package_flags;
mod package_image;
mod package_includes;
mod settings;
mod transcript;
