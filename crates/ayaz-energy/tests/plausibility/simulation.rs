//! Simulated buses, in the form in which the worker reads them.

use std::sync::Arc;

use ayaz_energy::{Sample, for_each_sample_signal};
use ayaz_model::{Reading, UnixMicroseconds};
use ayaz_sim::{Climate, Fleet};

pub(crate) const SEED: u64 = 11;

pub(crate) fn sample(reading: &Reading) -> Sample {
    let m = &reading.measurements;
    let mut s = Sample::bare(
        reading.key.recorded_at,
        i64::from(reading.key.boot_id),
        m.drive_cycle.map(i64::from),
    );
    s.charge_state = m.charge_state;
    s.charging_station = m.charging_station.as_deref().map(Into::into);
    s.route = m.route.as_deref().map(Into::into);
    macro_rules! copy {
        ($($signal:ident)+) => {
            $(s.$signal = m.$signal.map(f64::from);)+
        };
    }
    for_each_sample_signal!(copy);
    s
}

/// A day of this many buses, from before the first departure.
pub(crate) fn days(celsius: f32, buses: usize) -> Vec<(String, Vec<Sample>)> {
    let start: jiff::Timestamp = "2024-01-16T20:00:00Z".parse().unwrap();
    let start = UnixMicroseconds::from(start);
    let climate = Arc::new(Climate::constant(celsius));
    Fleet::new(SEED, buses, climate, start)
        .into_iter()
        .map(|(name, mut bus)| {
            let end = start.plus(86_400_000_000);
            let mut samples = Vec::new();
            while bus.now() < end {
                samples.push(sample(&bus.next_reading()));
            }
            (name.to_string(), samples)
        })
        .collect()
}
