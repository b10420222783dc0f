//! The operations of the API, by subject: what is asked, and what is answered.
//!
//! Requests have public fields for what the API takes; what is `None` is not sent. Answers have
//! `Option`s, since the platform leaves fields out, and differs by region; fields without a place
//! are in `other`. Times are strings as they came: the platform writes them in several ways.

pub(crate) mod aliases;
pub(crate) mod async_invocations;
pub(crate) mod code;
pub(crate) mod configuration;
pub(crate) mod export;
pub(crate) mod functions;
pub(crate) mod iam;
pub(crate) mod invoke;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod objects;
pub(crate) mod other;
pub(crate) mod quotas;
pub(crate) mod reserved_instances;
pub(crate) mod tags;
pub(crate) mod triggers;
pub(crate) mod user_data;
pub(crate) mod versions;

/// Declares the body of a request: fields that are always sent, then `..`, then fields that are
/// sent if they are `Some`, and [`other::Other`] fields.
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$always_meta:meta])* $always:ident: $always_type:ty,)*
            ..
            $($(#[$option_meta:meta])* $option:ident: $option_type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$always_meta])* pub $always: $always_type,)*
            $(
                $(#[$option_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $option: Option<$option_type>,
            )*
            /// Further fields, sent as they are.
            #[serde(flatten)]
            pub other: $crate::api::other::Other,
        }
    };
}

/// Declares an answer, all of whose fields may be absent or `null`.
macro_rules! answer {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$option_meta:meta])* $option:ident: $option_type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$option_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $option: Option<$option_type>,
            )*
            /// The fields that have no place above.
            #[serde(flatten)]
            pub other: $crate::api::other::Other,
        }
    };
}

pub(crate) use {answer, request};

/// The elements of a list that may be absent or `null`.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    Ok(<Option<Vec<T>> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}
