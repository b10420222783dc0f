//! Tests of all types of triggers.
