//! JSON that is read once, and a second time only to say where it does not fit.

use serde::Deserialize;

/// The value, or what is wrong with the JSON and where.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| explain::<T>(json, &error))
}

#[cold]
#[inline(never)]
fn explain<'a, T: Deserialize<'a>>(json: &'a [u8], error: &serde_json::Error) -> String {
    if json.is_empty() {
        return "it is empty".to_owned();
    }
    let located = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(json));
    match located {
        Err(located) if located.path().iter().next().is_some() => format!("`{}`: {error}", located.path()),
        Ok(_) | Err(_) => error.to_string(),
    }
}
