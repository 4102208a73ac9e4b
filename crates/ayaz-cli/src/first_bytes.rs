//! Finds the type of a file by its first bytes: byte order marks, and files that are not text.

/// The mark that some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How many bytes [`not_utf8`] needs.
pub(crate) const COUNT: usize = 6;

/// The text without its byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Why a file cannot be read as UTF-8, and what to do. `reader` is the command that reads it from a
/// pipe.
pub(crate) fn not_utf8(first: &[u8], reader: &str) -> Option<String> {
    let unpacked_by = |name: &str, unpack: &str| {
        Some(format!(
            "it is compressed with {name}: decompress it in a pipe: `{unpack} FILE | {reader} -`"
        ))
    };
    match first {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(utf16()),
        // UTF-16 of ASCII letters without a byte order mark.
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] if *a > 0 && *b > 0 => Some(utf16()),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => unpacked_by("zstd", "zstdcat"),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', ..] => unpacked_by("bzip2", "bzcat"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => unpacked_by("xz", "xzcat"),
        [b'P', b'K', 3, 4, ..] => Some(format!(
            "it is a zip file: extract it in a pipe: `unzip -p FILE | {reader} -`, or, if it is a \
             spreadsheet, save it as CSV"
        )),
        _ => None,
    }
}

fn utf16() -> String {
    "it is UTF-16: save it as UTF-8".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_text_is_named_with_what_to_do() {
        for (bytes, expected) in [
            (&b"\xff\xfet\0s\0"[..], Some("UTF-16: save it as UTF-8")),
            (b"\xfe\xff\0t\0s", Some("UTF-16")),
            (b"t\0s\0,\0", Some("UTF-16")),
            (b"\0t\0s\0,", Some("UTF-16")),
            (
                b"\x28\xb5\x2f\xfd\0\0",
                Some("`zstdcat FILE | ayaz replay … -`"),
            ),
            (b"BZh91AY&SY", Some("`bzcat FILE |")),
            (b"\xfd7zXZ\0\0", Some("`xzcat FILE |")),
            (b"PK\x03\x04\x14\0", Some("`unzip -p FILE |")),
            (b"BZh91,BZh92", None),
            (b"PK,ts,speed", None),
            (b"", None),
            (b"\xef\xbb\xbfts,v", None),
        ] {
            let message = not_utf8(bytes, "ayaz replay …");
            match expected {
                Some(expected) => assert!(message.unwrap().contains(expected), "{bytes:?}"),
                None => assert_eq!(message, None, "{bytes:?}"),
            }
        }
    }
}
