//! Reads samples by binary COPY, one row at a time, so that memory is bounded and no row allocates.

use std::sync::Arc;

use ayaz_energy::{Sample, for_each_sample_signal};
use ayaz_model::{ChargeState, Signal, SignalKind, UnixMicroseconds, VehicleNumber};
use bytes::Buf;
use futures_util::{StreamExt, pin_mut};
use tokio_postgres::Transaction;

use super::timestamp;
use crate::error::StoreError;

/// Passes the vehicle's samples with a plausible time in [`from`, `to`) to `take`, in the order of their
/// keys, until it returns `false`. Returns the number of samples passed.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    vehicle: VehicleNumber,
    from: UnixMicroseconds,
    to: UnixMicroseconds,
    mut take: impl FnMut(Sample) -> bool,
) -> Result<u64, StoreError> {
    // COPY takes no parameters. A number and two instants need no escaping, and with constants the planner
    // reads only the chunks of these days.
    let statement = format!(
        "-- read_samples
        copy (
            select recorded_at, boot_id, sequence, drive_cycle, route, charge_state, charging_station,
                {signals}
            from reading
            where vehicle_id = {vehicle} and recorded_at >= '{}' and recorded_at < '{}'
                and time_quality = 0
            order by recorded_at, boot_id, sequence
        ) to stdout (format binary)",
        timestamp(from),
        timestamp(to),
        signals = SIGNALS.join(", "),
    );
    let failed = |error| StoreError::from_driver("read samples", error);
    let stream = transaction.copy_out(&statement).await.map_err(failed)?;
    pin_mut!(stream);
    let mut texts = Texts::default();
    let mut samples: u64 = 0;
    while let Some(message) = stream.next().await {
        let mut message = message.map_err(failed)?;
        let row = match message.starts_with(SIGNATURE) {
            true => message.split_off(HEADER_LENGTH.min(message.len())),
            false => message,
        };
        if row.is_empty() {
            continue;
        }
        match parse(&row, &mut texts) {
            Some(Some(sample)) => {
                samples += 1;
                if !take(sample) {
                    break;
                }
            }
            Some(None) => {}
            None => {
                return Err(StoreError::Fatal(
                    "read samples: the server sent a row that is not in the binary format"
                        .to_owned(),
                ));
            }
        }
    }
    Ok(samples)
}

/// Start of the first message. The server sends one message per row; the header comes before the first row.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, and length of the empty extension.
const HEADER_LENGTH: usize = 19;
/// The server counts microseconds from 2000-01-01T00:00:00Z.
const EPOCH_2000_MICROSECONDS: i64 = 946_684_800_000_000;

/// Columns of a row before those of [`SIGNALS`].
const COLUMNS_BEFORE: usize = 7;
/// Columns of a row.
const COLUMNS: i16 = (COLUMNS_BEFORE + SIGNALS.len()) as i16;

macro_rules! read_signals {
    ($($signal:ident)+) => {
        /// Signal columns, in the order of reading.
        const SIGNALS: &[&str] = &[$(stringify!($signal)),+];

        /// Reads the columns of [`SIGNALS`] into the sample. `None` means not the binary format.
        fn read_signals(row: &mut &[u8], sample: &mut Sample) -> Option<()> {
            $(sample.$signal = signal_field(row, Signal::$signal)?;)+
            Some(())
        }
    };
}

for_each_sample_signal!(read_signals);

/// Outer `None` means not the binary format; inner `None` means the end.
fn parse(mut row: &[u8], texts: &mut Texts) -> Option<Option<Sample>> {
    match row.try_get_i16().ok()? {
        -1 => return Some(None),
        COLUMNS => {}
        _ => return None,
    }
    let row = &mut row;
    // Each line reads the next column.
    let recorded_at = UnixMicroseconds(i64_field(row)??.checked_add(EPOCH_2000_MICROSECONDS)?);
    let boot_id = i64_field(row)??;
    let sequence = i64_field(row)??;
    let drive_cycle = i64_field(row)?;
    let mut sample = Sample {
        sequence,
        route: text_field(row, &mut texts.route)?,
        charge_state: charge_state_field(row)?,
        charging_station: text_field(row, &mut texts.charging_station)?,
        ..Sample::bare(recorded_at, boot_id, drive_cycle)
    };
    read_signals(row, &mut sample)?;
    row.is_empty().then_some(Some(sample))
}

/// Outer `None` means not the binary format; inner `None` means null.
fn field<'a>(row: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = row.try_get_i32().ok()?;
    if length == -1 {
        return Some(None);
    }
    let (bytes, rest) = row.split_at_checked(usize::try_from(length).ok()?)?;
    *row = rest;
    Some(Some(bytes))
}

fn i64_field(row: &mut &[u8]) -> Option<Option<i64>> {
    match field(row)? {
        Some(bytes) => Some(Some(i64::from_be_bytes(bytes.try_into().ok()?))),
        None => Some(None),
    }
}

fn charge_state_field(row: &mut &[u8]) -> Option<Option<ChargeState>> {
    match field(row)? {
        Some(bytes) => {
            let code = i16::from_be_bytes(bytes.try_into().ok()?);
            Some(ChargeState::try_from(i32::from(code)).ok())
        }
        None => Some(None),
    }
}

/// Reads a signal. Infinite values and NaN count as missing. So does a `double` outside the signal's limits:
/// ingest stores no such value, but SQL may, and sums of huge numbers would overflow and break the views for
/// every bus. An `f32` is too small for that.
fn signal_field(row: &mut &[u8], signal: Signal) -> Option<Option<f64>> {
    let Some(bytes) = field(row)? else {
        return Some(None);
    };
    let value = match signal.kind() {
        SignalKind::Double(min, max) => {
            let value = f64::from_be_bytes(bytes.try_into().ok()?);
            (min..=max).contains(&value).then_some(value)
        }
        _ => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
    };
    Some(value.filter(|value| value.is_finite()))
}

/// The last text of each column.
#[derive(Debug, Default)]
struct Texts {
    route: Option<Arc<str>>,
    charging_station: Option<Arc<str>>,
}

/// Shares the text with the previous row, since nearly all rows have the same.
fn text_field(row: &mut &[u8], last: &mut Option<Arc<str>>) -> Option<Option<Arc<str>>> {
    let Some(bytes) = field(row)? else {
        return Some(None);
    };
    if last.as_ref().is_none_or(|text| text.as_bytes() != bytes) {
        *last = Some(std::str::from_utf8(bytes).ok()?.into());
    }
    Some(last.clone())
}
