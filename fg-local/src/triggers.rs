//! What invokes functions on its own: timers, and files in the folders that stand for buckets.

#[cfg(test)]
pub(crate) mod example;
