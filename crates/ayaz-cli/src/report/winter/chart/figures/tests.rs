use super::super::super::super::samples::{band, with_losses};
use super::super::tests::{ranges, trip};
use super::*;

fn figures(bands: Vec<RangeBand>, trips: &[TripRange]) -> Figures {
    let ranges = ranges(bands);
    Figures::new(Choice::of(&ranges.rows), &ranges, trips)
}

#[test]
fn the_axis_has_all_bands_from_the_coldest_to_the_warmest() {
    let far = figures(vec![band("a", -26, 5, 2.0), band("a", 0, 5, 1.0)], &[]);
    assert_eq!(far.edges, [-26, -24, -22, -20, -15, -10, -5, 0]);
    // A single band gets empty neighbours.
    let alone = figures(vec![band("a", -22, 5, 2.0)], &[]);
    assert_eq!(alone.edges, [-28, -26, -24, -22, -20, -15, -10]);
    // The mean of a trip may be in a band without intervals.
    let beside = figures(vec![band("a", 0, 5, 1.0)], &[trip("a", -30.0, 2.0)]);
    assert_eq!(beside.edges[0], -30);
}

#[test]
fn a_trip_down_a_hill_does_not_flatten_the_rest() {
    let trips = [
        trip("a", 2.0, 1.0),
        trip("a", 3.0, 0.92),
        trip("a", 3.0, 0.001),
    ];
    // With a spread that ends far above, without a spread, and with trips only.
    for (bands, trips) in [
        (vec![band("a", 0, 5, 1.0)], trips.as_slice()),
        (vec![band("a", 0, 5, 1.0)], &trips[1..]),
        (vec![band("a", 0, 1, 1.0)], &trips[1..]),
    ] {
        let found = figures(bands, trips);
        assert_eq!((found.top_km, found.left_out.above_axis), (350.0, 1));
    }
}

#[test]
fn a_larger_bus_with_few_trips_is_within_the_axis() {
    let large = TripRange {
        usable_energy_kwh: Some(600.0),
        ..trip("b", 2.0, 1.1)
    };
    let bands = vec![band("a", 0, 5, 1.0), band("b", 0, 1, 1.0)];
    let found = figures(bands, &[trip("a", 2.0, 1.0), large]);
    assert_eq!((found.top_km, found.left_out.above_axis), (600.0, 0));
}

#[test]
fn the_groups_with_most_kilometres_are_shown_by_name() {
    let mut bands: Vec<RangeBand> = (0..12)
        .map(|n| {
            let mut band = band(&format!("bus{n:02}"), 0, 5, 1.0);
            band.energy.km = Some(100.0 * f64::from((n * 5) % 12));
            band
        })
        .collect();
    // These groups have no data that can be drawn.
    bands.push(RangeBand {
        range_km: None,
        ..band("no energy", 0, 5, 1.0)
    });
    bands.push(RangeBand {
        band: Band::Unknown,
        ..band("no temperature", 0, 5, 1.0)
    });
    let choice = Choice::of(&with_losses(bands));
    let expected = [1, 2, 4, 6, 7, 8, 9, 11].map(|n| format!("bus{n:02}"));
    assert_eq!(choice.shown, expected);
    assert_eq!(choice.drawable, 12);
    assert_eq!(choice.without_range, ["no energy", "no temperature"]);
}

#[test]
fn nothing_to_draw_is_explained() {
    let without_energy = RangeBand {
        range_km: None,
        ..band("a", 0, 5, 1.0)
    };
    let without_temperature = RangeBand {
        band: Band::Unknown,
        ..band("a", 0, 5, 1.0)
    };
    let without_trips = RangeBand {
        range_km: None,
        trips_left_out: 3,
        ..band("a", 0, 0, 1.0)
    };
    for (band, word) in [
        (without_energy, "usable energy"),
        (without_temperature, "temperature"),
        (without_trips, "complete"),
    ] {
        let choice = Choice::of(&with_losses(vec![band]));
        assert!(choice.shown.is_empty());
        assert!(choice.why_nothing().contains(word));
    }
}

#[test]
fn a_band_with_too_little_data_has_no_range_loss_or_spread() {
    let trips: Vec<TripRange> = (0..4)
        .map(|n| trip("a", -21.0, 2.0 + f64::from(n)))
        .collect();
    let found = figures(vec![band("a", -22, 2, 2.0), band("a", 10, 5, 1.0)], &trips);
    let group = &found.groups[0];
    let thin = &group.bands[&-22];
    assert!(thin.is_thin && thin.range_km.is_none() && thin.loss.is_none());
    assert!(thin.spread.is_none());
    assert!(group.dots.iter().all(|dot| dot.is_thin));
    assert_eq!(group.bands[&10].loss, Some(0.0));
}
