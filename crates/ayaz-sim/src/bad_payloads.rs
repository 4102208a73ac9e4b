//! Invalid bytes for tests of decoders, such as a broken modem, a wrong publisher or an attacker sends.
//! Pure functions of the given random generator.

use rand::Rng;

/// A random number from 0 to `end` − 1; 0 if `end` is 0.
fn below(rng: &mut impl Rng, end: usize) -> usize {
    // The remainder has a bias that is too small to matter in these tests.
    (rng.next_u64() % (end.max(1) as u64)) as usize
}

/// A payload cut at a random place. It may be empty and is never complete.
pub fn truncated(rng: &mut impl Rng, payload: &[u8]) -> Vec<u8> {
    payload[..below(rng, payload.len())].to_vec()
}

/// A payload with one to eight flipped bits.
pub fn corrupted(rng: &mut impl Rng, payload: &[u8]) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    if !bytes.is_empty() {
        for _ in 0..=below(rng, 8) {
            let index = below(rng, bytes.len());
            bytes[index] ^= 1 << below(rng, 8);
        }
    }
    bytes
}

/// Random bytes.
pub fn random(rng: &mut impl Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Valid protobuf that is too long: one unknown field of that many bytes, and its header.
pub fn oversized(length: usize) -> Vec<u8> {
    // Field 15, wire type 2 (length-delimited), then the length as a varint.
    let mut bytes = vec![15 << 3 | 2];
    let mut rest = length as u64;
    while rest >= 0x80 {
        bytes.push((rest as u8 & 0x7f) | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.resize(bytes.len() + length, 0x41);
    bytes
}

/// A length-delimited field of 2³¹ − 1 bytes without the bytes. A decoder that reserves that much memory
/// fails.
pub fn huge_length() -> Vec<u8> {
    vec![15 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0x07]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn payloads_are_invalid_as_documented_and_repeat_with_the_seed() {
        let good: Vec<u8> = (0..200).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..1_000 {
            let cut = truncated(&mut rng, &good);
            assert!(cut.len() < good.len() && good.starts_with(&cut));
            assert_eq!(corrupted(&mut rng, &good).len(), good.len());
        }
        assert_eq!(truncated(&mut rng, &[]), []);
        assert_eq!(corrupted(&mut rng, &[]), []);
        assert!(oversized(1 << 20).len() > 1 << 20);
        let twice = [5, 5].map(|seed| random(&mut ChaCha8Rng::seed_from_u64(seed), 64));
        assert_eq!(twice[0], twice[1]);
        assert_ne!(twice[0], [0; 64]);
    }
}
