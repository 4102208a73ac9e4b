//! Rounding to a grid, so that sums are exact.
//!
//! The order of floating-point sums changes their last bits, and a database adds rows in any order.
//! Multiples of a power of two, below 2^53 of it, add up without rounding. So every sum over the
//! tables is the same to the bit, in any order and over any parts, and parts add up to the whole.

/// Energy, distance, volume and charge: 2^-24 of a kWh (0.2 J), a km (0.06 mm), a litre or a per
/// cent. Sums are exact up to 5e8, a thousand buses for five years; beyond it they are rounded as
/// usual.
const FINE: f64 = (1_u32 << 24) as f64;

/// Seconds: 2^-10, about a millisecond. Sums are exact up to 8e12, a hundred thousand years of a bus.
const COARSE: f64 = (1_u32 << 10) as f64;

/// Kelvin-seconds: 2^-6, which is 4 µK in the mean of an hour. Sums are exact up to 1.4e14, sixteen
/// thousand years of a bus.
const THERMAL: f64 = (1_u32 << 6) as f64;

/// A figure in kWh, km, l or %, on its grid.
pub fn fine(value: f64) -> f64 {
    on_grid(value, FINE)
}

/// A figure in s, on its grid.
pub fn coarse(value: f64) -> f64 {
    on_grid(value, COARSE)
}

/// A figure in K·s, on its grid.
pub fn thermal(value: f64) -> f64 {
    on_grid(value, THERMAL)
}

fn on_grid(value: f64, per_unit: f64) -> f64 {
    // Scaling by a power of two is exact. A value too large for it stays as it is.
    let steps = (value * per_unit).round_ties_even();
    if steps.is_finite() {
        // Adding zero turns −0, which has other bits, into 0.
        steps / per_unit + 0.0
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_grid_is_finer_than_any_meter() {
        assert!((fine(123.456) - 123.456).abs() < 6e-8);
        assert!((coarse(3_600.123_4) - 3_600.123_4).abs() < 1e-3);
        assert_eq!(coarse(3_600.5), 3_600.5);
        assert_eq!(fine(-1e-12).to_bits(), 0.0_f64.to_bits());
        assert_eq!(fine(f64::MAX), f64::MAX);
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_the_order(
            values in prop::collection::vec(-1e4..1e4_f64, 0..200),
            cut in 0..200_usize,
        ) {
            let values: Vec<f64> = values.into_iter().map(fine).collect();
            let (head, tail) = values.split_at(cut.min(values.len()));
            let forward: f64 = values.iter().sum();
            let backward: f64 = values.iter().rev().sum();
            let parts = head.iter().sum::<f64>() + tail.iter().sum::<f64>();
            prop_assert_eq!(forward, backward);
            prop_assert_eq!(forward, parts);
        }
    }
}
