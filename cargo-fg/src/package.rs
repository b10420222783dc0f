//! To come.
use crate::failure::Failure;
use crate::screen::Screen;
use clap::Args;
use std::process::ExitCode;
/// To come
#[derive(Args, Debug)]
pub(crate) struct PackageArguments {}
pub(crate) fn run(_: &PackageArguments, _: Screen) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
