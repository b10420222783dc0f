//! x
mod secret;
pub mod sign;
pub use secret::Secret;
