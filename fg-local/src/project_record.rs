//! The record of a function that is built from source: with it the API shows and invokes the
//! function.

use std::sync::Arc;

use fg_emulator::Emulator;
use jiff::Timestamp;

use crate::catalog::Catalog;
use crate::catalog::function::Function;
use crate::catalog::version::{Code, Config};
use crate::error::ApiError;
use crate::urn::FunctionName;

/// Writes the record of a function, with the settings of its program if that runs already.
/// Published versions, aliases and triggers stay.
pub(crate) fn write(
    catalog: &Catalog,
    name: &FunctionName,
    emulator: Option<&Arc<Emulator>>,
) -> Result<(), ApiError> {
    let code = Code { code_type: "zip".into(), is_project: true, ..Code::default() };
    let config = emulator.map(|emulator| config_of(emulator));
    let Ok(known) = catalog.get(name) else {
        let config = config.unwrap_or_else(defaults);
        let function = Function::new(name.clone(), config, code);
        return catalog.create(function).map(drop);
    };
    let config = config.unwrap_or_else(|| known.latest.config.clone());
    if known.latest.code == code && known.latest.config == config {
        return Ok(());
    }
    let changed = catalog.change(name, |function| {
        function.latest.code = code;
        function.latest.config = config;
        function.latest.last_modified = Timestamp::now();
        Ok(())
    });
    changed.map(drop)
}

/// What is known of a program before it runs: the platform's defaults.
fn defaults() -> Config {
    Config {
        runtime: "Custom".into(),
        handler: "bootstrap".into(),
        timeout: 3,
        memory_size: 128,
        ..Config::default()
    }
}

fn config_of(emulator: &Emulator) -> Config {
    Config {
        handler: emulator.handler().to_owned(),
        timeout: u32::try_from(emulator.timeout().as_millis().div_ceil(1000)).unwrap_or(u32::MAX),
        memory_size: emulator.memory(),
        ..defaults()
    }
}
