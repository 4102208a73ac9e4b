//! The bands of the exterior temperature that energy and range are grouped by. Their edges are defined
//! only here.
//!
//! A band is named by its lower edge (°C). The lower edge belongs to the band, the upper edge does not.
//! Bands are 5 °C wide from −20 °C up, and 2 °C wide below, where each degree costs more energy.

/// From this temperature up, bands are wide, °C.
const WIDE_FROM_CELSIUS: i16 = -20;
/// Width of a band from [`WIDE_FROM_CELSIUS`] up, °C.
const WIDE_CELSIUS: i16 = 5;
/// Width of a band below [`WIDE_FROM_CELSIUS`], °C.
const NARROW_CELSIUS: i16 = 2;

/// Lower edge of the band of a temperature, °C. The temperature must be finite and fit into an `i16`, as
/// each valid exterior temperature does.
pub fn lower_edge_celsius(temperature_celsius: f64) -> i16 {
    let width = f64::from(if temperature_celsius < f64::from(WIDE_FROM_CELSIUS) {
        NARROW_CELSIUS
    } else {
        WIDE_CELSIUS
    });
    ((temperature_celsius / width).floor() * width) as i16
}

/// Width of the band with this lower edge, °C.
pub fn width_celsius(lower_edge_celsius: i16) -> i16 {
    if lower_edge_celsius < WIDE_FROM_CELSIUS {
        NARROW_CELSIUS
    } else {
        WIDE_CELSIUS
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges_belong_to_the_band_above_them() {
        for (celsius, edge, width) in [
            (-70.0, -70, 2),
            (-46.0, -46, 2),
            (-45.9, -46, 2),
            (-22.1, -24, 2),
            (-22.0, -22, 2),
            (-21.0, -22, 2),
            (-20.000_1, -22, 2),
            (-20.0, -20, 5),
            (-15.1, -20, 5),
            (-15.0, -15, 5),
            (-0.1, -5, 5),
            (-0.0, 0, 5),
            (0.0, 0, 5),
            (4.99, 0, 5),
            (39.9, 35, 5),
            (40.0, 40, 5),
            (70.0, 70, 5),
        ] {
            assert_eq!(lower_edge_celsius(celsius), edge, "{celsius} °C");
            assert_eq!(width_celsius(edge), width, "{edge} °C");
        }
    }

    proptest! {
        /// Each temperature is in exactly one band, and each edge is the lower edge of its band.
        #[test]
        fn bands_cover_every_temperature_once(celsius in -70.0_f64..=70.0) {
            let edge = lower_edge_celsius(celsius);
            let end = edge + width_celsius(edge);
            prop_assert!(f64::from(edge) <= celsius && celsius < f64::from(end));
            prop_assert_eq!(lower_edge_celsius(f64::from(edge)), edge);
            prop_assert_eq!(lower_edge_celsius(f64::from(end)), end);
        }
    }
}
