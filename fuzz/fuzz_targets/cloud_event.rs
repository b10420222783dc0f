//! Whatever a request of an event engine has in it, it is refused or becomes an event in JSON.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fg_runtime::fuzzing::cloud_event(input));
