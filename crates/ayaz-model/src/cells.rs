//! Voltages and temperatures of every cell at one instant.

use crate::instant::UnixMicroseconds;
use crate::reading::{ReadingKey, TimeQuality};

/// Maximum number of cells and of temperature probes in one reading. A bus has about 170 cells in series.
pub const CELLS_MAX: usize = 2_048;

/// Range of a cell voltage, V.
pub const CELL_VOLTAGE_LIMITS_VOLTS: (f32, f32) = (0.0, 6.0);

/// Range of a cell temperature, °C.
pub const CELL_TEMPERATURE_LIMITS_CELSIUS: (f32, f32) = (-70.0, 120.0);

/// One reading of all cells. An invalid value is `None`, so the position is always the number of the cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellReading {
    /// Its key within the vehicle.
    pub key: ReadingKey,
    /// The daemon's clock when it arrived.
    pub received_at: UnixMicroseconds,
    /// Whether the device sent it late.
    pub historical: bool,
    /// Whether `recorded_at` is plausible.
    pub time_quality: TimeQuality,
    /// Cell voltages in V, in the order of the cells.
    pub voltages_volts: Box<[Option<f32>]>,
    /// Temperatures in °C, in the order of the probes.
    pub temperatures_celsius: Box<[Option<f32>]>,
}
