//! The macros that declare the objects of events: public fields, a setter for each, unknown fields
//! kept.

/// Declares a struct with the derives, the tolerance and the setters that all objects of all events
/// have.
///
/// `pub name: Type => with_name,` is a public field and its setter. `[json]` after the type is for
/// strings that may hold JSON: the JSON itself is accepted, too.
///
/// The fields in `payload { .. }`, with their names in the JSON, are essential: an object that has
/// none of them but has unknown fields is of another shape, and is rejected with the names of both.
/// They are always serialized, so that the output can be deserialized again. `payload(field =
/// older) { .. }` names a function that finds the field in an older shape, among the unknown
/// fields.
macro_rules! record {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( payload $(($older_payload:ident = $older:path))? {
                $( $(#[$about_payload:meta])* pub $payload:ident: $payload_type:ty as $key:literal $([$payload_form:ident])? => $set_payload:ident, )*
            } )?
            $( $(#[$about_field:meta])* pub $field:ident: $type:ty $([$form:ident])? => $setter:ident, )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $( $(
                $(#[$about_payload])*
                #[serde(rename = $key)]
                pub $payload: $payload_type,
            )* )?
            $(
                $(#[$about_field])*
                #[serde(skip_serializing_if = "crate::tolerant::absent")]
                pub $field: $type,
            )*
            /// Unknown fields, unchanged.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                /// The JSON form. It has the name of the event, which serde's errors contain.
                #[derive(serde::Deserialize)]
                struct $name {
                    $( $(
                        #[serde(default, rename = $key, deserialize_with = "crate::tolerant::present")]
                        $payload: Option<crate::record::form!($payload_type $(, $payload_form)?)>,
                    )* )?
                    $(
                        $(#[$about_field])*
                        #[serde(default)]
                        $field: crate::record::form!($type $(, $form)?),
                    )*
                    #[serde(flatten)]
                    extra: serde_json::Map<String, serde_json::Value>,
                }

                #[allow(unused_mut, reason = "only needed with an older shape")]
                let mut read = <$name as serde::Deserialize>::deserialize(deserializer)?;
                $(
                    $( if read.$older_payload.is_none() {
                        let older = $older(&mut read.extra).map_err(serde::de::Error::custom)?;
                        read.$older_payload = older.map(crate::tolerant::Element);
                    } )?
                    if $( read.$payload.is_none() )&&* && !read.extra.is_empty() {
                        return Err(crate::tolerant::unknown_shape(&[$($key),*], &read.extra));
                    }
                )?
                Ok(Self {
                    $( $( $payload: read.$payload.unwrap_or_default().0, )* )?
                    $( $field: read.$field.0, )*
                    extra: read.extra,
                })
            }
        }

        impl $name {
            /// Creates an empty one, to be filled by the setters.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $( $( crate::record::setter!($payload: $payload_type => $set_payload); )* )?
            $( crate::record::setter!($field: $type => $setter); )*
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

/// The type that deserializes a field.
macro_rules! form {
    ($type:ty) => { crate::tolerant::Element<$type> };
    ($type:ty, json) => { crate::tolerant::Json<$type> };
}

pub(crate) use form;

macro_rules! setter {
    ($field:ident: $type:ty => $setter:ident) => {
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        #[must_use]
        pub fn $setter(mut self, value: impl Into<$type>) -> Self {
            self.$field = value.into();
            self
        }
    };
}

pub(crate) use setter;

/// Declares `FIXTURE` and `fixture()` of a module.
macro_rules! fixture {
    ($type:ty, $file:literal) => {
        crate::record::fixture!(
            $type,
            $file,
            "A sample payload for tests, as the platform sends it."
        );
    };
    ($type:ty, $file:literal, $about:literal) => {
        #[doc = $about]
        pub const FIXTURE: &str = include_str!(concat!("../fixtures/", $file));

        /// [`FIXTURE`], parsed.
        #[must_use]
        pub fn fixture() -> $type {
            // `tests/fixtures.rs` checks that it fits.
            serde_json::from_str(FIXTURE).unwrap_or_default()
        }
    };
}

pub(crate) use fixture;
