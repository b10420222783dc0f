//! The headers of an invocation in the table of an HTTP library, taken over as it is.

use std::any::Any;
use std::str::from_utf8;
use std::sync::OnceLock;

use crate::headers::{Headers, is_absent};

/// A table of headers that a context takes over instead of copying it: that of an HTTP library, on
/// which this crate does not depend.
pub trait HeaderTable: Default + Send + Sync + 'static {
    /// Lists names and values. The values of one name are in the order in which they came.
    fn lines(&self) -> impl Iterator<Item = (&str, &[u8])>;

    /// Returns the first value of this name, whatever its case, that is accepted.
    fn find(&self, name: &str, accepts: fn(&[u8]) -> bool) -> Option<&[u8]>;

    /// Removes all values of this name.
    fn remove(&mut self, name: &str);
}

/// A table of any type, without the headers with secrets.
///
/// All that is done with a table is behind this trait, so that a program that has none does not
/// contain it.
pub(crate) trait OwnedTable: Send + Sync {
    /// Returns the first value of this name that is not absent.
    fn get(&self, name: &str) -> Option<&str>;

    /// All headers as strings.
    fn strings(&self) -> &Headers;

    /// Removes all headers.
    fn clear(&mut self);

    /// The table itself: an [`Owned<T>`](Owned).
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// A table, and its headers as strings once they are needed: to list them, or because a value is
/// not UTF-8.
#[derive(Default)]
pub(crate) struct Owned<T> {
    table: T,
    strings: OnceLock<Headers>,
}

impl<T> Owned<T> {
    pub(crate) fn new(table: T) -> Self {
        Self { table, strings: OnceLock::new() }
    }

    pub(crate) fn into_table(self) -> T {
        self.table
    }
}

impl<T: HeaderTable> OwnedTable for Owned<T> {
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.table.find(name, |value| !is_absent(value.trim_ascii()))?;
        from_utf8(value.trim_ascii()).ok().or_else(|| self.strings().get(name))
    }

    fn strings(&self) -> &Headers {
        self.strings.get_or_init(|| {
            let mut headers = Headers::default();
            for (name, value) in self.table.lines() {
                let value = value.trim_ascii();
                if !is_absent(value) {
                    headers.push(&[], name, value);
                }
            }
            headers.complete();
            headers
        })
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
