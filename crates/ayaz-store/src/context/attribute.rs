//! Attributes of a vehicle, and their valid values. The database has the same checks
//! (`check_vehicle_context`); these check a file before anything is sent.

/// Maximum length of a value, in characters.
pub const VALUE_LENGTH_MAX: usize = 100;

/// An attribute with a period of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Depot where it parks: a name in `depot`.
    Depot,
    /// Type of its tyres.
    Tyres,
    /// Version of its firmware.
    Firmware,
    /// Set-point of the cabin, °C, 0 to 40.
    CabinSetpointCelsius,
    /// Route that it serves.
    Route,
    /// Energy between full and empty, kWh, 1 to 2,000, if it differs from its model.
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

    /// Name in the database and in files.
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

    /// Finds an attribute by name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.name() == name)
    }

    /// Minimum and maximum of a numeric attribute.
    pub fn limits(self) -> Option<(f64, f64)> {
        match self {
            Self::CabinSetpointCelsius => Some((0.0, 40.0)),
            Self::UsableEnergyKwh => Some((1.0, 2000.0)),
            Self::Depot | Self::Tyres | Self::Firmware | Self::Route => None,
        }
    }

    /// Checks a value, but not whether its depot exists.
    ///
    /// # Errors
    ///
    /// Says what is wrong, and what to write.
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

/// Checks a name or text: it must be visible, without blanks at its ends.
///
/// # Errors
///
/// Says what is wrong.
pub fn check_text(text: &str, length_max: usize) -> Result<(), String> {
    let length = text.chars().count();
    if !(1..=length_max).contains(&length) {
        return Err(format!("write 1 to {length_max} characters, not {length}"));
    }
    if text.trim_matches([' ', '\t', '\r', '\n']) != text {
        return Err("it has blanks at its ends: remove them".to_owned());
    }
    if text.chars().any(|c| c.is_ascii_control()) {
        return Err("it contains a control character: remove it".to_owned());
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
    fn numeric_values_have_limits_and_text_is_visible() {
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
