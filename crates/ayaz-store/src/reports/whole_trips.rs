//! Figures of whole trips that touch a band.
//!
//! Missing time has no temperature, and an odometer is too coarse for a part of a trip.

/// Columns read once per trip, from rows of [`SELECTED_PIECES`](super::selection::SELECTED_PIECES).
pub(super) const TRIP: &str = "
    vehicle_id,
    started_at,
    number,
    trip_seconds,
    trip_duration_seconds,
    trip_km,
    odometer_km,
    is_complete";

/// Sums over such trips that match the condition `is_kept`. Values that are not rounded to a grid (odometer,
/// durations) are summed as decimal numbers, so that the order of rows does not change the last bit.
pub(super) fn sums(is_kept: &str) -> String {
    format!(
        "covered_share(
            sum(trip_seconds) filter (where {is_kept}),
            (sum(trip_duration_seconds) filter (where {is_kept}))::double precision
        ) as coverage,
        distance_share(
            sum(trip_km) filter (where {is_kept} and odometer_km is not null),
            (sum(odometer_km::numeric) filter (where {is_kept} and trip_km is not null))
                ::double precision
        ) as distance_share,
        count(*) filter (where not is_complete) as trips_incomplete"
    )
}
