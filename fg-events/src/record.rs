//! How each object of an event is declared: public fields, a setter for each, unknown fields kept.

/// Declares a struct with the derives, the tolerance and the setters that all objects of all events have.
///
/// `pub name: Type => with_name,` is a public field and the setter for it.
macro_rules! record {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( $(#[$about_field:meta])* pub $field:ident: $type:ty => $setter:ident, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$about_field])*
                #[serde(deserialize_with = "crate::tolerant::field", skip_serializing_if = "crate::tolerant::absent")]
                pub $field: $type,
            )*
            /// The fields that this version of the crate does not know, as they came.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// An empty one, to be filled by the setters.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[must_use]
                pub fn $setter(mut self, value: impl Into<$type>) -> Self {
                    self.$field = value.into();
                    self
                }
            )*
        }

        impl crate::tolerant::Tolerant for $name {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::tolerant::object(deserializer)
            }

            fn is_absent(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

pub(crate) use record;

/// Declares `FIXTURE` and `fixture()` of a module.
macro_rules! fixture {
    ($type:ty, $file:literal) => {
        /// A sample in the platform's form, made up for tests.
        pub const FIXTURE: &str = include_str!(concat!("../fixtures/", $file));

        /// [`FIXTURE`], parsed.
        #[must_use]
        pub fn fixture() -> $type {
            // It fits; `tests/fixtures.rs` says so.
            serde_json::from_str(FIXTURE).unwrap_or_default()
        }
    };
}

pub(crate) use fixture;
