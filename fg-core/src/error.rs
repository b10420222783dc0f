//! `fg::Error`: converts from any error with `?`, and keeps the type name and the causes.

use std::borrow::Cow;
use std::fmt;

use crate::bounded;
use crate::error_details::{bare_name, causes};
use crate::failure::Failure;
use crate::limits::MESSAGE;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error that any other error converts to with `?`. It keeps the name of the error's type and
/// its chain of causes.
///
/// Everything that converts to `Box<dyn std::error::Error + Send + Sync>` converts to `fg::Error`:
/// every `std::error::Error`, `String`, `&str`, `anyhow::Error`. The caller of the function sees
/// the name of the type as `errorType`, the message as `errorMessage` and the sources as `cause`.
///
/// ```
/// use fg_core::Error;
///
/// fn seats(text: &str) -> Result<u8, Error> {
///     let seats: u8 = text.parse()?;
///     if seats == 0 {
///         return Err(Error::new("a table needs a seat").with_code("Table.NoSeat"));
///     }
///     Ok(seats)
/// }
///
/// assert_eq!(seats("many").unwrap_err().error_type(), "ParseIntError");
/// assert_eq!(seats("0").unwrap_err().error_type(), "Table.NoSeat");
/// ```
///
/// The code of a type that implements [`ErrorCode`](crate::ErrorCode) is lost in the conversion by
/// `?`: return the type itself as the `E` of the handler, or use [`Error::coded`].
pub struct Error {
    source: Source,
    type_name: &'static str,
    code: Option<Cow<'static, str>>,
}

impl Error {
    /// Creates an error from a message or from another error, as `?` does.
    pub fn new<E: Into<Source>>(error: E) -> Self {
        Self { source: error.into(), type_name: std::any::type_name::<E>(), code: None }
    }

    /// Creates an error that keeps the code of another one: `map_err(fg::Error::coded)`.
    pub fn coded<E: crate::ErrorCode + Into<Source>>(error: E) -> Self {
        let code = error.error_code().to_owned();
        Self::new(error).with_code(code)
    }

    /// Sets the `errorType` that the caller sees.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The `errorType` that the caller will see.
    #[must_use]
    pub fn error_type(&self) -> &str {
        match (&self.code, self.source.downcast_ref::<Failure>()) {
            (Some(code), _) => code,
            (None, Some(failure)) => failure.error_type(),
            (None, None) => bare_name(self.type_name).unwrap_or(Failure::FUNCTION_RETURN_ERROR),
        }
    }

    /// The error inside, for `downcast_ref` and [`source`](std::error::Error::source).
    #[must_use]
    pub fn as_dyn_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.source
    }

    /// The error response that the caller of a function sees for this error.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let mut failure = match self.source.downcast_ref::<Failure>() {
            Some(failure) => failure.clone(),
            None => Failure::new(self.error_type().to_owned(), bounded::display(self, MESSAGE))
                .with_cause(causes(&*self.source)),
        };
        if let Some(code) = &self.code {
            failure.set_error_type(code.clone());
        }
        failure
    }
}

impl<E: Into<Source>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// The message of the error inside; `{:#}` adds the causes, separated by colons.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source, f)?;
        if f.alternate() {
            for cause in causes(&*self.source) {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

/// The type, the message and the causes. `fn main() -> Result<(), fg::Error>` and `unwrap` print
/// this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self:#}", self.error_type())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the order cannot be shipped")]
    struct NotShipped(#[source] OutOfStock);

    #[derive(Debug, thiserror::Error)]
    #[error("there is nothing left of {0}")]
    struct OutOfStock(&'static str);

    impl crate::ErrorCode for OutOfStock {
        fn error_code(&self) -> &str {
            "Stock.Empty"
        }
    }

    fn through_question_mark<E: Into<Source>>(error: E) -> Error {
        fn inner<E: Into<Source>>(error: E) -> Result<(), Error> {
            Err(error)?;
            Ok(())
        }
        inner(error).expect_err("it was an error")
    }

    #[test]
    fn the_type_and_the_chain_survive_the_question_mark() {
        let failure = through_question_mark(NotShipped(OutOfStock("tea"))).to_failure();
        assert_eq!(failure.error_type(), "NotShipped");
        assert_eq!(failure.message(), "the order cannot be shipped");
        assert_eq!(failure.cause(), ["there is nothing left of tea"]);
    }

    #[test]
    fn strings_and_anyhow_errors_are_accepted_and_have_the_general_type() {
        for error in [
            through_question_mark("a text"),
            through_question_mark(String::from("a text")),
            through_question_mark(anyhow::anyhow!("a text")),
        ] {
            assert_eq!(error.to_failure(), Failure::new(Failure::FUNCTION_RETURN_ERROR, "a text"));
        }
        let failure = through_question_mark(anyhow::anyhow!("inner").context("outer")).to_failure();
        assert_eq!((failure.message(), failure.cause()), ("outer", &["inner".to_owned()][..]));
    }

    #[test]
    fn a_code_wins_over_the_type() {
        assert_eq!(Error::coded(OutOfStock("tea")).to_failure().error_type(), "Stock.Empty");
        assert_eq!(Error::new(OutOfStock("tea")).with_code("Tea").to_failure().error_type(), "Tea");
    }

    #[test]
    fn a_failure_passes_through_whole() {
        let failure = Failure::new("Order.Lost", "lost").with_cause(["rain".to_owned()]);
        assert_eq!(through_question_mark(failure.clone()).to_failure(), failure);
        assert_eq!(through_question_mark(failure).error_type(), "Order.Lost");
    }

    #[test]
    fn debug_and_alternate_display_tell_the_whole_story() {
        let error = Error::new(NotShipped(OutOfStock("tea")));
        assert_eq!(
            format!("{error:?}"),
            "NotShipped: the order cannot be shipped: there is nothing left of tea"
        );
        assert_eq!(format!("{error}"), "the order cannot be shipped");
    }
}
