//! What can be known of a vehicle, and which values it may have. The database checks the same
//! (migration V13); here a file is checked before anything is sent.

/// Longest value, in characters.
pub const VALUE_LENGTH_MAX: usize = 100;

/// An attribute that holds for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Where it spends the night: a name in `depot`.
    Depot,
    /// Which tyres are on it.
    Tyres,
    /// Which firmware it runs.
    Firmware,
    /// What the cabin is to be heated to, °C, 0 to 40.
    CabinSetpointCelsius,
    /// Which route it serves.
    Route,
    /// Energy between full and empty, kWh, 1 to 2,000, where it is not its model's.
    UsableEnergyKwh,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 6] = [
        Self::Depot,
        Self::Tyres,
        Self::Firmware,
        Self::CabinSetpointCelsius,
        Self::Route,
        Self::UsableEnergyKwh,
    ];

    /// Its name in the database and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Depot => "depot",
            Self::Tyres => "tyres",
            Self::Firmware => "firmware",
            Self::CabinSetpointCelsius => "cabin_setpoint_celsius",
            Self::Route => "route",
            Self::UsableEnergyKwh => "usable_energy_kwh",
        }
    }

    /// The attribute of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.name() == name)
    }

    /// Lowest and highest value, if it is a number.
    pub fn limits(self) -> Option<(f64, f64)> {
        match self {
            Self::CabinSetpointCelsius => Some((0.0, 40.0)),
            Self::UsableEnergyKwh => Some((1.0, 2000.0)),
            Self::Depot | Self::Tyres | Self::Firmware | Self::Route => None,
        }
    }

    /// Whether the value may stand; whether there is such a depot is another question.
    ///
    /// # Errors
    ///
    /// What is wrong with it and what to write.
    pub fn check(self, value: &str) -> Result<(), String> {
        if let Some((min, max)) = self.limits() {
            let number = is_plain_decimal(value).then(|| value.parse::<f64>().ok());
            return match number.flatten() {
                Some(number) if (min..=max).contains(&number) => Ok(()),
                _ => Err(format!(
                    "write a number from {min} to {max}, such as 22.5 (with a point)"
                )),
            };
        }
        check_text(value, VALUE_LENGTH_MAX)
    }
}

/// Whether it is a name or a text that can be told from others by eye.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_text(text: &str, length_max: usize) -> Result<(), String> {
    let length = text.chars().count();
    if !(1..=length_max).contains(&length) {
        return Err(format!("write 1 to {length_max} characters, not {length}"));
    }
    if text.trim_matches([' ', '\t', '\r', '\n']) != text {
        return Err("there are blanks around it: take them away".to_owned());
    }
    if text.chars().any(|c| c.is_ascii_control()) {
        return Err("it holds a control character: take it away".to_owned());
    }
    Ok(())
}

/// Up to six digits, and up to six more after a point: no sign, exponent, `inf` or `NaN`.
fn is_plain_decimal(text: &str) -> bool {
    let digits = |part: &str| {
        (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_within_reason_and_names_are_visible() {
        let setpoint = Attribute::CabinSetpointCelsius;
        let energy = Attribute::UsableEnergyKwh;
        for (attribute, value, good) in [
            (setpoint, "22", true),
            (setpoint, "22.5", true),
            (setpoint, "0", true),
            (setpoint, "40.0", true),
            (setpoint, "40.1", false),
            (setpoint, "-5", false),
            (setpoint, "22,5", false),
            (setpoint, "22 ", false),
            (setpoint, "", false),
            (setpoint, ".5", false),
            (setpoint, "5.", false),
            (energy, "330", true),
            (energy, "0", false),
            (energy, "330000", false),
            (energy, "3e2", false),
            (energy, "NaN", false),
            (energy, "inf", false),
            (energy, "0x10", false),
            (Attribute::Route, "7а экспресс", true),
            (Attribute::Route, "", false),
            (Attribute::Route, " 7", false),
            (Attribute::Tyres, "winter\tnew", false),
            (Attribute::Firmware, &"я".repeat(100), true),
            (Attribute::Firmware, &"я".repeat(101), false),
        ] {
            assert_eq!(
                attribute.check(value).is_ok(),
                good,
                "{attribute:?} {value:?}"
            );
        }
    }

    #[test]
    fn every_attribute_is_found_by_its_name() {
        for attribute in Attribute::ALL {
            assert_eq!(Attribute::from_name(attribute.name()), Some(attribute));
        }
        assert_eq!(Attribute::from_name("Depot"), None);
    }
}
