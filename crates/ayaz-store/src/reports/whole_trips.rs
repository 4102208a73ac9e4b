//! The trips that touch a band: what can only be told of whole trips.
//!
//! Time that is missing has no temperature, and no odometer is fine enough for a part of a trip.

/// What is read of each trip once, of rows of
/// [`SELECTED_PIECES`](super::selection::SELECTED_PIECES).
pub(super) const TRIP: &str = "
    vehicle_id,
    started_at,
    number,
    trip_seconds,
    trip_duration_seconds,
    trip_km,
    odometer_km,
    is_complete";

/// Sums over such trips, of those that `is_kept` (a condition) says. What is on no grid (the
/// odometer, durations) as decimal numbers, so that the order of rows does not show in the last bit.
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
