//! Bytes as a hex dump.

use std::fmt::Write as _;

/// Bytes per line.
const LINE: usize = 16;

/// Offset, bytes and printable characters, sixteen bytes per line.
pub(super) fn hexdump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, line) in bytes.chunks(LINE).enumerate() {
        let mut digits = String::new();
        for (at, byte) in line.iter().enumerate() {
            let gap = if at == LINE / 2 { " " } else { "" };
            let _ = write!(digits, "{gap}{byte:02x} ");
        }
        let characters: String = line
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        let _ = writeln!(text, "{:08x}  {digits:<50}|{characters}|", number * LINE);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_at_its_offset() {
        let bytes: Vec<u8> = (0x18..0x2a).chain([0xff]).collect();
        assert_eq!(
            hexdump(&bytes),
            "00000000  18 19 1a 1b 1c 1d 1e 1f  20 21 22 23 24 25 26 27  |........ !\"#$%&'|\n\
             00000010  28 29 ff                                          |().|\n"
        );
        assert_eq!(hexdump(&[]), "");
    }
}
