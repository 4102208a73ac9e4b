//! Chance that can be asked for at any place without drawing what lies before it, and small
//! noise for signals.

/// SplitMix64's finaliser: every bit of the input changes half of the output.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number that follows from all of the words and from their order.
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

/// Uniform between the two, the upper one left out.
pub(crate) fn between(bits: u64, low: f64, high: f64) -> f64 {
    low + unit(bits) * (high - low)
}

/// Nearly normal with mean 0 and deviation 1, and never beyond ±3.47: the sum of four uniforms.
pub(crate) fn normal(bits: u64) -> f64 {
    let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
    (sum as f64 / 65_536.0 - 2.0) * 3_f64.sqrt()
}

/// Uniform in [−1, 1) from the 16 bits numbered `part` (0 to 3), so that one draw serves a step.
pub(crate) fn wobble(bits: u64, part: u32) -> f64 {
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
    fn order_of_words_matters() {
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[0]), hash(&[0, 0]));
    }
}
