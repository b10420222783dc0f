//! Whatever a server sends, in whatever pieces, is a response or a fault.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [piece, bytes @ ..] = input else { return };
    fg_runtime::fuzzing::read_response(bytes, usize::from(*piece).max(1));
});
