//! Whatever headers and variables there are, there is a context, and it prints no secret.

#![no_main]

use std::time::Instant;

use fg_core::__private::lifecycle;
use fg_core::{Context, Environment};

libfuzzer_sys::fuzz_target!(|input: (Vec<(String, String)>, Vec<(String, Vec<u8>)>)| {
    let (variables, headers) = input;
    // Names that mean something would hardly be found by chance, so the first few inputs are given
    // one each.
    let names = [
        "RUNTIME_TIMEOUT",
        "RUNTIME_USERDATA",
        "RUNTIME_MEMORY",
        "RUNTIME_FUNC_NAME",
        "RUNTIME_LOG_LEVEL",
        "RUNTIME_CPU",
    ];
    let named =
        names.iter().zip(&variables).map(|(name, (_, value))| ((*name).to_owned(), value.clone()));
    let environment = Environment::from_variables(named.chain(variables.clone()));
    assert!(!environment.timeout().is_zero());

    let mut ctx = Context::builder().build();
    let names = [
        "x-cff-request-id",
        "X-Cff-Auth-Token",
        "X-CFF-Security-Token",
        "x-cff-origin-version-tag",
    ];
    let named = names.iter().zip(&headers).map(|(name, (_, value))| (*name, value.as_slice()));
    let given = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let is_invocation = lifecycle::begin(&mut ctx, Instant::now(), named.chain(given));
    assert_eq!(is_invocation, !ctx.request_id().is_empty());
    // With punctuation it could be found in what `Debug` itself writes.
    let is_telling = |token: &&str| token.len() > 12 && token.chars().all(char::is_alphanumeric);
    if let Some(token) = ctx.token().map(fg_core::Secret::expose).filter(is_telling) {
        // A header of another name may hold the same text; its name is all that is printed of it.
        if !headers.iter().any(|(name, _)| name.contains(token))
            && !ctx.request_id().contains(token)
        {
            assert!(!format!("{ctx:?}").contains(token));
        }
    }
    let _ = (
        ctx.alias(),
        ctx.trace_id(),
        ctx.project_id(),
        ctx.invocation_type(),
        ctx.credentials().is_some(),
    );
});
