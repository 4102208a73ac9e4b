//! Measures how many readings one core simulates in a second.

use std::sync::Arc;
use std::time::Instant;

use ayaz_sim::{Climate, Fleet};

fn main() {
    let start = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(55 * 8_766);
    let mut buses = Fleet::new(1, 100, Arc::new(Climate::new(1)), start.into());
    let began = Instant::now();
    let mut readings = 0_u64;
    let mut speed = 0.0;
    for (_, bus) in &mut buses {
        let end = bus.now().plus(86_400_000_000);
        while bus.now() < end {
            speed += bus
                .next_reading()
                .measurements
                .speed_kmh
                .unwrap_or_default();
            readings += 1;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{readings} readings of 100 bus days in {seconds:.2} s: {:.2} million/s (mean speed {:.1})",
        readings as f64 / seconds / 1e6,
        speed / readings as f32
    );
}
