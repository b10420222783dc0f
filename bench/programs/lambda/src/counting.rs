//! An allocator that counts the allocations of all threads.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Prints the number of allocations and of allocated bytes so far for the driver, without
/// allocating.
pub(crate) fn report_if_asked(name: &str) {
    if name == "report" {
        let stats = ALLOCATOR.stats();
        // `bytes_allocated` includes the growth of reallocations.
        eprintln!(
            "allocations {} {}",
            stats.allocations + stats.reallocations,
            stats.bytes_allocated
        );
    }
}
