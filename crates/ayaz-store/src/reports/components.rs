//! Energy components of reports, from the one list
//! ([`for_each_component!`](ayaz_energy::for_each_component)).

use ayaz_energy::for_each_component;

use super::EnergySums;

/// Energy of one component, and the net energy of the intervals in which it was metered.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Component {
    /// Its energy, kWh.
    pub kwh: Option<f64>,
    /// Net energy of the same intervals, kWh.
    pub base_kwh: Option<f64>,
}

impl Component {
    /// Share of the component in the net energy, 0 to 1; `None` without a base.
    pub fn share(&self) -> Option<f64> {
        match (self.kwh, self.base_kwh) {
            (Some(kwh), Some(base)) if base != 0.0 => Some(kwh / base),
            _ => None,
        }
    }
}

/// A component, its column names, and its field in a row of a report.
#[derive(Debug, Clone, Copy)]
pub struct ComponentColumns {
    /// Its name, such as `heat_pump`.
    pub name: &'static str,
    /// Column of its energy, kWh.
    pub kwh: &'static str,
    /// Column of its base, kWh.
    pub base_kwh: &'static str,
    /// Column of its share, 0 to 1.
    pub share: &'static str,
    /// Returns the component from the sums.
    pub of: fn(&EnergySums) -> &Component,
}

macro_rules! columns {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kwh:ident, $base:ident, $signal:ident, $part:ident;
    )+) => {
        /// All components, in the order of the list.
        pub const COMPONENTS: &[ComponentColumns] = &[$(ComponentColumns {
            name: stringify!($name),
            kwh: stringify!($kwh),
            base_kwh: stringify!($base),
            share: concat!(stringify!($name), "_share"),
            of: |sums| &sums.$name,
        }),+];
    };
}

for_each_component!(columns);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_needs_a_metered_base() {
        let share = |kwh, base_kwh| Component { kwh, base_kwh }.share();
        assert_eq!(share(Some(1.0), Some(4.0)), Some(0.25));
        assert_eq!(share(Some(0.0), Some(4.0)), Some(0.0));
        assert_eq!(share(None, None), None);
        assert_eq!(share(Some(0.0), Some(0.0)), None);
    }
}
