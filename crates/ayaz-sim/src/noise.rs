//! Random numbers from a hash, for any index without the numbers before it, and small noise for signals.

/// The finaliser of SplitMix64: each input bit changes half of the output bits.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A hash of the words and their order.
pub(crate) fn hash(words: &[u64]) -> u64 {
    words.iter().fold(0x9e37_79b9_7f4a_7c15, |state, word| {
        mix(state
            .wrapping_mul(5)
            .wrapping_add(*word)
            .wrapping_add(0x9e37_79b9_7f4a_7c15))
    })
}

/// Uniform in [0, 1).
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// Uniform in [`low`, `high`).
pub(crate) fn between(bits: u64, low: f64, high: f64) -> f64 {
    low + unit(bits) * (high - low)
}

/// Nearly normal with mean 0 and standard deviation 1, within ±3.47: the sum of four uniform numbers.
pub(crate) fn normal(bits: u64) -> f64 {
    let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
    (sum as f64 / 65_536.0 - 2.0) * 3_f64.sqrt()
}

/// Uniform in [−1, 1) from 16 of the bits; `part` (0 to 3) selects them. So one random number is enough
/// for a step.
pub(crate) fn uniform_signed(bits: u64, part: u32) -> f64 {
    ((bits >> (16 * part)) & 0xffff) as f64 / 32_768.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_mean_zero_and_deviation_one() {
        let draws: Vec<f64> = (0..20_000).map(|i| normal(hash(&[7, i]))).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|d| d * d).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
    }

    #[test]
    fn the_hash_depends_on_the_order_of_words() {
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[0]), hash(&[0, 0]));
    }
}
