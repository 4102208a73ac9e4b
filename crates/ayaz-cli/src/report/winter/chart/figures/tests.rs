use super::super::super::with_losses;
use super::super::tests::{band, trip};
use super::*;

fn figures(bands: Vec<RangeBand>, trips: &[TripRange]) -> Figures {
    let rows = with_losses(bands);
    Figures::new(Choice::of(&rows), &rows, trips)
}

#[test]
fn the_axis_has_every_band_between_the_coldest_and_the_warmest() {
    let far = figures(vec![band("a", -26, 5, 2.0), band("a", 0, 5, 1.0)], &[]);
    assert_eq!(far.edges, [-26, -24, -22, -20, -15, -10, -5, 0]);
    // A band alone stands between others that are empty.
    let alone = figures(vec![band("a", -22, 5, 2.0)], &[]);
    assert_eq!(alone.edges, [-28, -26, -24, -22, -20, -15, -10]);
    // Trips whose mean lies in a band that no interval began in.
    let beside = figures(vec![band("a", 0, 5, 1.0)], &[trip("a", -30.0, 2.0)]);
    assert_eq!(beside.edges[0], -30);
}

#[test]
fn a_trip_down_a_hill_does_not_flatten_the_rest() {
    let trips = [
        trip("a", 2.0, 1.0),
        trip("a", 3.0, 0.9),
        trip("a", 3.0, 0.001),
    ];
    let found = figures(vec![band("a", 0, 5, 1.0)], &trips);
    // 300 km in the band, the 90th percentile of the trips is far above.
    assert!(found.top_km >= 350.0, "{}", found.top_km);
    let without_spread = figures(vec![band("a", 0, 5, 1.0)], &trips[1..]);
    assert_eq!(without_spread.top_km, 450.0);
    assert_eq!(without_spread.left_out.above_axis, 1);
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
    // Of these nothing is known that could be drawn.
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
fn nothing_to_draw_says_what_is_missing() {
    let without_energy = RangeBand {
        range_km: None,
        ..band("a", 0, 5, 1.0)
    };
    let without_temperature = RangeBand {
        band: Band::Unknown,
        ..band("a", 0, 5, 1.0)
    };
    for (band, word) in [
        (without_energy, "usable energy"),
        (without_temperature, "temperature"),
    ] {
        let choice = Choice::of(&with_losses(vec![band]));
        assert!(choice.shown.is_empty());
        assert!(choice.why_nothing().contains(word));
    }
}

#[test]
fn a_thin_band_states_neither_range_nor_loss_nor_spread() {
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
