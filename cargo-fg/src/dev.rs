//! To come.
use crate::failure::Failure;
use crate::screen::Screen;
use clap::Args;
use std::process::ExitCode;
/// To come
#[derive(Args, Debug)]
pub(crate) struct DevArguments {}
pub(crate) fn run(_: &DevArguments, _: Screen) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
