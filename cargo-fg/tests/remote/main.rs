//! The commands for functions on the platform, as their users see them: the program itself against
//! the platform on this machine.

mod delete;
mod invoke;
mod logs;
mod platform;
mod rollback;
mod status;
#[cfg(unix)]
mod terminal;
mod versions;
mod whoami;
