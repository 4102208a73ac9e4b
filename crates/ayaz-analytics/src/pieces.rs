//! What is known of one hour, cut by what reports group by.

use std::collections::HashMap;
use std::sync::Arc;

use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::{Piece, Sample};

use crate::integrate::{JOULES_PER_KWH, Sums};
use crate::interval::Interval;

/// Width of a temperature band, K.
const BAND_KELVIN: f64 = 5.0;

/// What an hour is cut by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PieceKey {
    drive_cycle: Option<i64>,
    trip_started_at: Option<UnixMicroseconds>,
    plugged_in: bool,
    route: Option<Arc<str>>,
    band_celsius: Option<i16>,
}

impl PieceKey {
    /// The piece of a sample, and of the interval that it begins. Drive cycles that are numbered
    /// need no `trip_started_at`.
    pub fn of(sample: &Sample, trip_started_at: Option<UnixMicroseconds>) -> Self {
        Self {
            drive_cycle: sample.drive_cycle,
            trip_started_at,
            plugged_in: sample.plugged_in,
            route: sample.route.clone(),
            band_celsius: sample.exterior_temperature_celsius.map(band_celsius),
        }
    }

    fn is_of(&self, sample: &Sample, trip_started_at: Option<UnixMicroseconds>) -> bool {
        self.drive_cycle == sample.drive_cycle
            && self.trip_started_at == trip_started_at
            && self.plugged_in == sample.plugged_in
            && self.band_celsius == sample.exterior_temperature_celsius.map(band_celsius)
            && self.route == sample.route
    }
}

/// Lower edge of the band, which belongs to it.
pub fn band_celsius(celsius: f64) -> i16 {
    ((celsius / BAND_KELVIN).floor() * BAND_KELVIN) as i16
}

/// The first and the last value that was present. At the same instant the lower one is first and
/// the higher one last, so that it does not matter who comes first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ends {
    first: (UnixMicroseconds, f64),
    last: (UnixMicroseconds, f64),
}

impl Ends {
    fn join(ends: &mut Option<Self>, other: Self) {
        let Some(ends) = ends else {
            *ends = Some(other);
            return;
        };
        if is_before(other.first, ends.first) {
            ends.first = other.first;
        }
        if is_before(ends.last, other.last) {
            ends.last = other.last;
        }
    }

    fn of(at: UnixMicroseconds, value: Option<f64>) -> Option<Self> {
        value.map(|value| Self {
            first: (at, value),
            last: (at, value),
        })
    }
}

fn is_before(a: (UnixMicroseconds, f64), b: (UnixMicroseconds, f64)) -> bool {
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).is_lt()
}

/// Samples and intervals of one piece.
#[derive(Debug, Clone)]
struct Content {
    key: PieceKey,
    started_at: UnixMicroseconds,
    ended_at: UnixMicroseconds,
    soc_percent: Option<Ends>,
    odometer_km: Option<Ends>,
    sums: Sums,
}

impl Content {
    fn new(key: PieceKey, at: UnixMicroseconds) -> Self {
        let sums = Sums::default();
        Self {
            key,
            started_at: at,
            ended_at: at,
            soc_percent: None,
            odometer_km: None,
            sums,
        }
    }

    fn add_sample(&mut self, sample: &Sample) {
        let at = sample.recorded_at;
        self.started_at = self.started_at.min(at);
        self.ended_at = self.ended_at.max(at);
        if let Some(soc) = Ends::of(at, sample.soc_percent) {
            Ends::join(&mut self.soc_percent, soc);
        }
        if let Some(odometer) = Ends::of(at, sample.odometer_km) {
            Ends::join(&mut self.odometer_km, odometer);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.started_at = self.started_at.min(other.started_at);
        self.ended_at = self.ended_at.max(other.ended_at);
        if let Some(soc) = other.soc_percent {
            Ends::join(&mut self.soc_percent, soc);
        }
        if let Some(odometer) = other.odometer_km {
            Ends::join(&mut self.odometer_km, odometer);
        }
        self.sums.merge(&other.sums);
    }

    fn into_piece(self, hour: UnixMicroseconds) -> Piece {
        let Self { key, sums, .. } = self;
        Piece {
            hour,
            drive_cycle: key.drive_cycle,
            trip_started_at: key.trip_started_at,
            plugged_in: key.plugged_in,
            route: key.route,
            band_celsius: key.band_celsius,
            started_at: self.started_at,
            ended_at: self.ended_at,
            intervals: sums.intervals,
            seconds: sums.seconds,
            distance_seconds: sums.distance_seconds,
            km: sums.km,
            energy_seconds: sums.energy_seconds,
            net_kwh: sums.net_joules / JOULES_PER_KWH,
            discharge_kwh: sums.discharge_joules / JOULES_PER_KWH,
            regen_kwh: sums.regen_joules / JOULES_PER_KWH,
            paired_km: sums.paired_km,
            paired_net_kwh: sums.paired_net_joules / JOULES_PER_KWH,
            heater: sums.heater.component(),
            heat_pump: sums.heat_pump.component(),
            battery_heater: sums.battery_heater.component(),
            air_conditioning: sums.air_conditioning.component(),
            auxiliary: sums.auxiliary.component(),
            traction: sums.traction.component(),
            charger_kwh: sums.charger.component().map(|charger| charger.kwh),
            fuel_litres: (sums.fuel_intervals > 0).then_some(sums.fuel_litres),
            exterior_kelvin_seconds: sums.exterior_kelvin_seconds,
            exterior_seconds: sums.exterior_seconds,
            soc_start: self.soc_percent.map(|soc| soc.first),
            soc_end: self.soc_percent.map(|soc| soc.last),
            odometer_start_km: self.odometer_km.map(|odometer| odometer.first.1),
            odometer_end_km: self.odometer_km.map(|odometer| odometer.last.1),
        }
    }
}

/// Pieces by their key.
#[derive(Debug, Default)]
pub struct PieceMap {
    contents: Vec<Content>,
    index: HashMap<PieceKey, usize>,
    /// Where the last one was found: neighbours nearly always share a piece.
    recent: usize,
}

impl PieceMap {
    /// Adds a sample to its piece: its instant, state of charge and odometer.
    pub fn add_sample(&mut self, sample: &Sample, trip_started_at: Option<UnixMicroseconds>) {
        self.find(sample, trip_started_at).add_sample(sample);
    }

    /// Adds an interval to the piece of its first sample.
    pub fn add_interval(
        &mut self,
        interval: &Interval<'_>,
        trip_started_at: Option<UnixMicroseconds>,
    ) {
        self.find(interval.first, trip_started_at)
            .sums
            .add(interval);
    }

    /// Empties `other` into this one, its pieces being of that trip.
    pub fn settle(&mut self, other: &mut Self, trip_started_at: Option<UnixMicroseconds>) {
        for content in std::mem::take(other).contents {
            let key = PieceKey {
                trip_started_at,
                ..content.key.clone()
            };
            self.entry(key, content.started_at).merge(&content);
        }
    }

    /// All pieces of the hour, in an order that depends on them alone.
    pub fn into_pieces(mut self, hour: UnixMicroseconds) -> Vec<Piece> {
        self.contents
            .sort_unstable_by(|a, b| a.started_at.cmp(&b.started_at).then(a.key.cmp(&b.key)));
        self.contents
            .into_iter()
            .map(|content| content.into_piece(hour))
            .collect()
    }

    fn find(&mut self, sample: &Sample, trip: Option<UnixMicroseconds>) -> &mut Content {
        let recent = self.recent;
        if self
            .contents
            .get(recent)
            .is_some_and(|content| content.key.is_of(sample, trip))
        {
            return &mut self.contents[recent];
        }
        self.entry(PieceKey::of(sample, trip), sample.recorded_at)
    }

    fn entry(&mut self, key: PieceKey, at: UnixMicroseconds) -> &mut Content {
        let next = self.contents.len();
        self.recent = *self.index.entry(key.clone()).or_insert(next);
        if self.recent == next {
            self.contents.push(Content::new(key, at));
        }
        &mut self.contents[self.recent]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_edge_belongs_to_a_band() {
        for (celsius, band) in [
            (0.0, 0),
            (4.99, 0),
            (5.0, 5),
            (-0.01, -5),
            (-5.0, -5),
            (-40.0, -40),
            (-40.1, -45),
        ] {
            assert_eq!(band_celsius(celsius), band, "{celsius}");
        }
    }
}
