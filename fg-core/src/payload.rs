//! From the bytes of an invocation to the handler's event.

use serde::Deserialize;

use crate::failure::Failure;
use crate::json_error::invalid_payload;

/// The first argument of a handler: the event.
///
/// Every type that implements `serde::Deserialize` is one, owned or borrowed from the payload. An
/// empty payload is deserialized as JSON `null`, so that `()` and `Option<T>` accept it. [`Raw`] is
/// the bytes as they are; [`Ignored`] accepts any payload and does not parse it.
///
/// # Borrowing
///
/// A field can borrow from the payload instead of copying it: `#[serde(borrow)] name: Cow<'a,
/// str>`. A plain `&'a str` compiles as well, but fails at run time on a string with an escape
/// sequence (`"a\"b"`), which has to be unescaped into a new string.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the event of a FunctionGraph handler",
    label = "cannot be read from the JSON payload",
    note = "the first argument of a handler must implement `serde::Deserialize`; for the untouched bytes take `fg::Raw<'_>`",
    note = "for a type of this crate, add `#[derive(serde::Deserialize)]` to it"
)]
pub trait FromPayload<'de>: Sized {
    /// Deserializes the event.
    ///
    /// # Errors
    ///
    /// [`Failure::INVALID_PAYLOAD`] if the payload is not JSON or does not fit the type. The
    /// message has the JSON path, the line and the column, and quotes the beginning of the value
    /// that does not fit; the log has the same without the value.
    fn from_payload(payload: &'de [u8]) -> Result<Self, Failure>;
}

impl<'de, T: Deserialize<'de>> FromPayload<'de> for T {
    fn from_payload(payload: &'de [u8]) -> Result<Self, Failure> {
        let json = if payload.is_empty() { b"null" } else { payload };
        serde_json::from_slice(json).map_err(|error| invalid_payload::<T>(payload, json, &error))
    }
}

/// The bytes of the payload, neither parsed nor copied.
///
/// ```
/// use fg_core::Raw;
///
/// fn size(payload: Raw<'_>) -> usize {
///     payload.len()
/// }
///
/// assert_eq!(size(Raw::new(b"\xff\x00")), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a [u8]);

impl<'a> Raw<'a> {
    /// Wraps these bytes, to call a handler in a test.
    #[must_use]
    pub const fn new(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    /// The bytes, for as long as the invocation lasts.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }
}

impl std::ops::Deref for Raw<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl AsRef<[u8]> for Raw<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

#[diagnostic::do_not_recommend]
impl<'de> FromPayload<'de> for Raw<'de> {
    fn from_payload(payload: &'de [u8]) -> Result<Self, Failure> {
        Ok(Self(payload))
    }
}

/// An event that accepts any payload without parsing it, even one that is not JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored;

#[diagnostic::do_not_recommend]
impl FromPayload<'_> for Ignored {
    fn from_payload(_: &[u8]) -> Result<Self, Failure> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Order<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Item {
        price: u32,
    }

    fn message_of(payload: &[u8]) -> String {
        let failure = Order::from_payload(payload).expect_err("the payload is wrong");
        assert_eq!(failure.error_type(), "InvalidPayload");
        failure.message().to_owned()
    }

    #[test]
    fn an_event_borrows_from_the_payload() {
        let payload = br#"{"name":"Ada","items":[{"price":3}]}"#;
        let order = Order::from_payload(payload).expect("it fits");
        assert!(matches!(order.name, Cow::Borrowed("Ada")));
        let escaped = Order::from_payload(br#"{"name":"A\"da","items":[]}"#).expect("it fits");
        assert!(matches!(escaped.name, Cow::Owned(name) if name == "A\"da"));
    }

    #[test]
    fn a_wrong_shape_is_named_with_path_line_and_column() {
        assert_eq!(
            message_of(b"{\"name\":\"Ada\",\n \"items\":[{\"price\":3},{\"price\":\"x\"}]}"),
            "the payload does not fit `Order`: `items[1].price`: invalid type: string \"x\", expected u32 at line 2 column 34"
        );
        assert_eq!(
            message_of(b"{}"),
            "the payload does not fit `Order`: missing field `name` at line 1 column 2"
        );
    }

    #[test]
    fn a_payload_that_is_not_json_has_another_message_than_one_that_does_not_fit() {
        assert_eq!(
            message_of(b"hello"),
            "the payload is not valid JSON: expected value at line 1 column 1"
        );
        assert_eq!(
            message_of(b"{\"name\":\"\xff\"}"),
            "the payload is not valid JSON: `name`: invalid unicode code point at line 1 column 10"
        );
        assert_eq!(
            message_of(b"{\"name\":\"Ada\",\"items\":["),
            "the payload is not valid JSON: `items`: EOF while parsing a list at line 1 column 23"
        );
    }

    #[test]
    fn an_empty_payload_is_null() {
        assert_eq!(<()>::from_payload(b""), Ok(()));
        assert_eq!(Option::<u8>::from_payload(b""), Ok(None));
        assert_eq!(
            message_of(b""),
            "the payload is empty and was read as `null`, which is not `Order`: invalid type: null, expected struct Order"
        );
    }

    #[test]
    fn raw_and_ignored_take_anything() {
        assert_eq!(Raw::from_payload(b"\xff"), Ok(Raw(b"\xff")));
        assert_eq!(Ignored::from_payload(b"\xff"), Ok(Ignored));
    }
}
