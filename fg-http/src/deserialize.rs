//! JSON that is read once, and a second time only to say where it does not fit.

use fg_core::__private::Misfit;
use serde::Deserialize;

/// The value, or what is wrong with the JSON and where.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Misfit> {
    serde_json::from_slice(json).map_err(|error| {
        if json.is_empty() {
            return Misfit { told: "it is empty".to_owned(), logged: "it is empty".to_owned() };
        }
        Misfit::of::<T>(json, &error)
    })
}
