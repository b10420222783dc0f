//! Whatever a server sends, in whatever pieces, is a response or a fault.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [read_size, bytes @ ..] = input else { return };
    fg_runtime::fuzzing::read_response(bytes, usize::from(*read_size).max(1));
});
