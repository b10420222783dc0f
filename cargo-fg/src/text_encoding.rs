//! Converts text files with a byte order mark, or in UTF-16, to plain UTF-8.

/// How a file was converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Unchanged,
    WithoutMark,
    FromUtf16,
}

/// Converts a file to UTF-8 without a byte order mark, which JSON does not allow. Invalid UTF-16 is
/// returned unchanged.
pub(crate) fn decode(bytes: Vec<u8>) -> (Vec<u8>, Decoded) {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return (rest.to_vec(), Decoded::WithoutMark);
    }
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| -> Option<Vec<u8>> {
        let pairs = rest.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return None;
        }
        let units = pairs.map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok().map(String::into_bytes)
    };
    let decoded = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => None,
    };
    decoded.map_or((bytes, Decoded::Unchanged), |text| (text, Decoded::FromUtf16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_removed_and_utf_16_is_converted() {
        assert_eq!(decode(b"{}".to_vec()), (b"{}".to_vec(), Decoded::Unchanged));
        assert_eq!(decode(b"\xef\xbb\xbf{}".to_vec()), (b"{}".to_vec(), Decoded::WithoutMark));
        assert_eq!(decode(b"\xff\xfe{\0}\0".to_vec()), (b"{}".to_vec(), Decoded::FromUtf16));
        assert_eq!(decode(b"\xfe\xff\0{\0}".to_vec()), (b"{}".to_vec(), Decoded::FromUtf16));
        assert_eq!(decode(b"\xff\xfe{".to_vec()), (b"\xff\xfe{".to_vec(), Decoded::Unchanged));
    }
}
