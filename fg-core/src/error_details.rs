//! Finds what an error's type tells beyond `Display`: its code, its type name and its causes.
//!
//! The blanket [`IntoFailure`](crate::IntoFailure) requires only `Display`. The code that
//! `#[fg::handler]` generates knows the concrete type and finds more by autoref specialization:
//! `(&&&Probe(&error)).fg_details()` resolves to the first of these traits whose bounds the type
//! meets: [`OwnError`], [`DerefError`], [`StdError`], [`AnyError`]. This cannot fail to compile,
//! because the last one accepts every type. The methods are prefixed with `fg_` because the traits
//! of the user's module are in scope there too.

use std::any::type_name;
use std::error::Error as _;
use std::fmt;
use std::ops::Deref;

use crate::bounded;
use crate::error::Error;
use crate::failure::{ErrorCode, Failure};
use crate::limits::{CAUSE, CAUSES};

/// What is known of an error besides its message.
#[derive(Debug, Default)]
pub struct ErrorDetails {
    /// Set if the error is a [`Failure`], or contains one.
    whole: Option<Failure>,
    code: Option<String>,
    type_name: Option<&'static str>,
    cause: Vec<String>,
}

impl ErrorDetails {
    /// Adds the code from [`CodedError`].
    #[must_use]
    pub fn with_code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    /// Completes a failure that was made from the message alone.
    #[must_use]
    pub fn complete(self, from_message: Failure) -> Failure {
        let mut failure = self.whole.unwrap_or_else(|| from_message.with_cause(self.cause));
        if let Some(code) = self.code {
            failure.set_error_type(code);
        } else if let Some(name) = self.type_name {
            failure.set_error_type(name);
        }
        failure
    }
}

/// The receiver of the method calls that find the details of an error.
pub struct Probe<'e, E>(pub &'e E);

impl<E> Clone for Probe<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Probe<'_, E> {}

impl<E> fmt::Debug for Probe<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// First choice: the error types of this crate, which carry their details.
pub trait OwnError {
    /// The details of the error.
    fn fg_details(&self) -> ErrorDetails;
}

impl OwnError for &&Probe<'_, Error> {
    fn fg_details(&self) -> ErrorDetails {
        ErrorDetails { whole: Some(self.0.to_failure()), ..ErrorDetails::default() }
    }
}

impl OwnError for &&Probe<'_, Failure> {
    fn fg_details(&self) -> ErrorDetails {
        ErrorDetails { whole: Some(self.0.clone()), ..ErrorDetails::default() }
    }
}

/// Second choice: types that dereference to an error, such as `Box<dyn Error>` and `anyhow::Error`.
pub trait DerefError {
    /// The details of the error.
    fn fg_details(&self) -> ErrorDetails;
}

impl<E: Deref> DerefError for &Probe<'_, E>
where
    E::Target: std::error::Error,
{
    fn fg_details(&self) -> ErrorDetails {
        ErrorDetails {
            type_name: bare_name(type_name::<E::Target>()),
            cause: sources(self.0.source()),
            ..ErrorDetails::default()
        }
    }
}

/// Third choice: types that implement [`std::error::Error`].
pub trait StdError {
    /// The details of the error.
    fn fg_details(&self) -> ErrorDetails;
}

impl<E: std::error::Error> StdError for Probe<'_, E> {
    fn fg_details(&self) -> ErrorDetails {
        ErrorDetails {
            type_name: bare_name(type_name::<E>()),
            cause: sources(self.0.source()),
            ..ErrorDetails::default()
        }
    }
}

/// Last choice: any type.
pub trait AnyError {
    /// The details of the error.
    fn fg_details(self) -> ErrorDetails;
}

impl<E> AnyError for Probe<'_, E> {
    fn fg_details(self) -> ErrorDetails {
        ErrorDetails { type_name: bare_name(type_name::<E>()), ..ErrorDetails::default() }
    }
}

/// First choice: types that implement [`ErrorCode`].
pub trait CodedError {
    /// The code.
    fn fg_code(&self) -> Option<String>;
}

impl<E: ErrorCode> CodedError for Probe<'_, E> {
    fn fg_code(&self) -> Option<String> {
        Some(self.0.error_code().to_owned())
    }
}

/// Last choice: any type, without a code.
pub trait UncodedError {
    /// `None`.
    fn fg_code(self) -> Option<String>;
}

impl<E> UncodedError for Probe<'_, E> {
    fn fg_code(self) -> Option<String> {
        None
    }
}

/// The last segment of a type's name, if it says what went wrong.
///
/// `shop::order::OrderNotFound` gives `OrderNotFound`. A reference, a trait object, a string, a
/// tuple or a type that is just called `Error` gives `None`.
pub(crate) fn bare_name(type_name: &'static str) -> Option<&'static str> {
    let path = type_name.split('<').next()?;
    let name = path.rsplit(':').next()?;
    let says_something =
        !matches!(name, "str" | "String" | "Cow" | "Box" | "Arc" | "Rc" | "Error" | "Report");
    // Outside ASCII, only letters are allowed in identifiers.
    let is_a_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii());
    let is_plain = !path.starts_with("dyn ") && !path.starts_with('&') && !path.starts_with('(');
    (says_something && is_a_name && is_plain).then_some(name)
}

/// The messages of the chain of sources of this error, outermost first.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    sources(error.source())
}

fn sources(first: Option<&(dyn std::error::Error + 'static)>) -> Vec<String> {
    // A cyclic chain must not hang the function. The one beyond the limit shows that there are
    // more.
    std::iter::successors(first, |&error| error.source())
        .take(CAUSES + 1)
        .map(|error| bounded::display(&error, CAUSE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IntoFailure;

    /// What the generated code does with an error.
    macro_rules! failure_of {
        ($error:expr) => {{
            let error = $error;
            let probe = Probe(&error);
            let details = (&&&probe).fg_details().with_code((&probe).fg_code());
            details.complete(error.into_failure())
        }};
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no order {id}")]
    struct OrderNotFound {
        id: u32,
        source: std::num::ParseIntError,
    }

    fn not_found() -> OrderNotFound {
        OrderNotFound { id: 7, source: "x".parse::<u8>().expect_err("not a number") }
    }

    struct OnlyText;
    impl fmt::Display for OnlyText {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("only text")
        }
    }

    struct Coded;
    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("coded")
        }
    }
    impl ErrorCode for Coded {
        fn error_code(&self) -> &str {
            "My.Code"
        }
    }

    #[test]
    fn a_standard_error_has_its_bare_name_and_its_causes() {
        let failure = failure_of!(not_found());
        assert_eq!(failure.error_type(), "OrderNotFound");
        assert_eq!(failure.message(), "no order 7");
        assert_eq!(failure.cause(), ["invalid digit found in string"]);
    }

    #[test]
    fn a_box_around_a_known_type_has_the_name_of_that_type() {
        assert_eq!(failure_of!(Box::new(not_found())).error_type(), "OrderNotFound");
    }

    #[test]
    fn boxes_around_any_error_keep_the_causes() {
        let boxed: Box<dyn std::error::Error> = Box::new(not_found());
        let sendable: Box<dyn std::error::Error + Send + Sync> = Box::new(not_found());
        for failure in [
            failure_of!(boxed),
            failure_of!(sendable),
            failure_of!(anyhow::Error::new(not_found())),
        ] {
            assert_eq!(failure.error_type(), "FunctionReturnError");
            assert_eq!(failure.message(), "no order 7");
            assert_eq!(failure.cause(), ["invalid digit found in string"]);
        }
    }

    #[test]
    fn text_alone_is_enough() {
        assert_eq!(failure_of!(OnlyText), Failure::new("OnlyText", "only text"));
        assert_eq!(failure_of!("text"), Failure::new("FunctionReturnError", "text"));
        assert_eq!(failure_of!(String::from("text")), Failure::new("FunctionReturnError", "text"));
    }

    #[test]
    fn a_code_is_found() {
        assert_eq!(failure_of!(Coded), Failure::new("My.Code", "coded"));
    }

    #[test]
    fn the_errors_of_this_crate_describe_themselves() {
        assert_eq!(failure_of!(Error::new(not_found())).error_type(), "OrderNotFound");
        assert_eq!(failure_of!(Failure::new("A.B", "text")), Failure::new("A.B", "text"));
    }

    #[test]
    fn no_name_has_a_path_a_reference_or_a_trait_object() {
        struct Generic<T>(T);
        let _ = Generic(1);
        assert_eq!(bare_name(type_name::<Generic<Box<dyn std::error::Error>>>()), Some("Generic"));
        for name in [
            type_name::<&str>(),
            type_name::<&OnlyText>(),
            type_name::<Box<dyn std::error::Error>>(),
            type_name::<dyn std::error::Error + Send + Sync>(),
            type_name::<(u8, u8)>(),
            type_name::<std::io::Error>(),
            type_name::<[u8; 2]>(),
        ] {
            assert_eq!(bare_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_chain_of_causes_ends_even_if_the_errors_do_not() {
        #[derive(Debug)]
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("again")
            }
        }
        impl std::error::Error for Endless {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&Endless)
            }
        }
        let failure = failure_of!(Endless);
        assert_eq!((failure.cause().len(), failure.cause()[16].as_str()), (17, ".. and others"));
    }
}
