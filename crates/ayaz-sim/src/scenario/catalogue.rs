//! The catalogue of the faults in a cold week.

use ayaz_model::{Signal, UnixMicroseconds};

use crate::faults::{DataFault, PhysicalFaultKind, SpikeValue};

/// 2000-01-01T00:00:00Z, the time of many clocks after a reset.
const YEAR_2000: UnixMicroseconds = UnixMicroseconds(946_684_800_000_000);

/// A day, s.
const DAY_SECONDS: i64 = 86_400;

/// A data fault and its duration, s.
pub(super) type Entry = (DataFault, i64);

/// Faults that take a whole morning.
pub(super) const LONG: [Entry; 3] = [
    (
        DataFault::Blackout {
            delay_seconds: DAY_SECONDS,
        },
        3 * 3_600,
    ),
    (
        DataFault::Offset {
            signal: Signal::exterior_temperature_celsius,
            by: 12.0,
        },
        3 * 3_600,
    ),
    (
        DataFault::ClockJump {
            offset_seconds: -2 * 3_600 - 600,
        },
        2_400,
    ),
];

/// Faults that take at most half an hour while the bus drives.
pub(super) const SHORT: [Entry; 22] = [
    stuck(Signal::pack_current_amperes, 240),
    (DataFault::Ramp, 120),
    (DataFault::Lost, 420),
    spike(
        Signal::exterior_temperature_celsius,
        SpikeValue::Above(15.0),
    ),
    (
        DataFault::ClockJump {
            offset_seconds: 2_220,
        },
        1_200,
    ),
    sentinel(Signal::coolant_temperature_celsius, -40.0, 600),
    (DataFault::Duplicates { delay_seconds: 0 }, 900),
    (reboot(Some(UnixMicroseconds(0))), 720),
    stuck(Signal::exterior_temperature_celsius, 900),
    (DataFault::PositionSpike { to: (0.0, 0.0) }, 1),
    (
        DataFault::Duplicates {
            delay_seconds: 3 * 3_600,
        },
        900,
    ),
    stuck(Signal::soc_percent, 1_500),
    spike(Signal::soc_percent, SpikeValue::Exactly(0.0)),
    (DataFault::Ramp, 30),
    (reboot(None), 1),
    stuck(Signal::speed_kmh, 180),
    sentinel(Signal::battery_temperature_celsius, -40.0, 300),
    spike(Signal::speed_kmh, SpikeValue::Exactly(180.0)),
    (DataFault::PositionSpike { to: (43.24, 76.89) }, 1),
    (DataFault::Lost, 45),
    (DataFault::Ramp, 300),
    (reboot(Some(YEAR_2000)), 720),
];

/// A fault before the cold only: the code is a temperature that the air has in the cold snap.
pub(super) const BEFORE_THE_COLD: Entry =
    sentinel(Signal::exterior_temperature_celsius, -40.0, 900);

/// Physical faults: kind, day of the cold week and local hour of the begin, and duration in hours; `None`
/// is until the end.
pub(super) const PHYSICAL: [(PhysicalFaultKind, i64, f64, Option<f64>); 6] = [
    (PhysicalFaultKind::CellGroupWeak, 0, 3.0, None),
    (PhysicalFaultKind::InsulationFalling, 0, 3.0, None),
    (PhysicalFaultKind::PreheatMissed, 1, 3.0, Some(6.0)),
    // Repaired in the evening: the charger must wait until the pack is warm.
    (PhysicalFaultKind::BatteryHeaterFailed, 1, 8.0, Some(15.5)),
    (PhysicalFaultKind::CabinHeaterFailed, 2, 10.0, Some(36.0)),
    (PhysicalFaultKind::PreheatMissed, 3, 3.0, Some(6.0)),
];

const fn stuck(signal: Signal, seconds: i64) -> Entry {
    (DataFault::Stuck { signal }, seconds)
}

const fn spike(signal: Signal, value: SpikeValue) -> Entry {
    (DataFault::Spike { signal, value }, 1)
}

const fn sentinel(signal: Signal, value: f64, seconds: i64) -> Entry {
    (DataFault::Sentinel { signal, value }, seconds)
}

const fn reboot(clock_starts_at: Option<UnixMicroseconds>) -> DataFault {
    DataFault::Reboot { clock_starts_at }
}
