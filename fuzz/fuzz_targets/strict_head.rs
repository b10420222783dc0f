//! Whatever a client sends, in whatever pieces, is refused or has one reading: that of hyper's
//! parser.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [piece, bytes @ ..] = input else { return };
    fg_runtime::fuzzing::strict_head(bytes, usize::from(*piece).max(1));
});
