//! Checks of a mapping that the types do not make.

use anyhow::{Context, bail, ensure};
use ayaz_model::Signal;

use super::{Mapping, Time, TimeFormat, signal};

impl Mapping {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.delimiter.is_ascii() && !matches!(self.delimiter, '"' | '\n' | '\r'),
            "delimiter = {:?} is not one ASCII character that can separate fields",
            self.delimiter
        );
        ensure!(
            !self.signals.is_empty(),
            "[signals] is empty or missing, nothing would be replayed: write [signals.speed_kmh] with \
             column = \"…\", and so on"
        );
        ensure!(
            !self.time.is_empty(),
            "[[time]] is missing: name the column with the time"
        );
        for time in &self.time {
            time.check()
                .with_context(|| format!("[[time]] column = {:?}", time.column))?;
        }
        for skip in &self.skip {
            ensure!(
                skip.unless.is_some() != skip.when.is_some(),
                "[[skip]] column = {:?} needs either `unless` or `when`",
                skip.column
            );
        }
        for (name, column) in &self.signals {
            let signal =
                signal(name).map_err(|what| anyhow::anyhow!("[signals.{name}]: {what}"))?;
            let is_scaled = column.scale.is_some() || column.offset.is_some();
            ensure!(
                !is_scaled || takes_scale(signal),
                "[signals.{name}]: scale and offset are for measured values only"
            );
            let finite = |number: Option<f64>| number.is_none_or(f64::is_finite);
            ensure!(
                finite(column.scale) && finite(column.offset) && column.scale != Some(0.0),
                "[signals.{name}]: scale and offset must be finite, and scale must not be 0"
            );
        }
        Ok(())
    }
}

impl Time {
    fn check(&self) -> anyhow::Result<()> {
        match (self.format, &self.origin) {
            (TimeFormat::SecondsSinceOrigin, None) => {
                bail!("seconds_since_origin needs [time.origin]")
            }
            (TimeFormat::SecondsSinceOrigin, Some(origin)) => {
                ensure!(
                    !origin.index.is_empty() || origin.fallback.is_some(),
                    "[time.origin] needs `index` or `fallback`"
                );
                let is_named = !origin.key_column.is_empty() && !origin.value_column.is_empty();
                ensure!(
                    origin.index.is_empty() || is_named,
                    "[time.origin] with `index` needs `key_column` and `value_column`"
                );
            }
            (_, Some(_)) => bail!("[time.origin] belongs to format = \"seconds_since_origin\""),
            (_, None) => {}
        }
        Ok(())
    }
}

fn takes_scale(signal: Signal) -> bool {
    use ayaz_model::SignalKind as Kind;
    !matches!(
        signal.kind(),
        Kind::Text | Kind::Choice(_) | Kind::Flag | Kind::Codes
    )
}
