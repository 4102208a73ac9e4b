//! The one list of energy components: loads of the battery that have a meter of their own.
//!
//! [`for_each_component!`](crate::for_each_component) passes the list to a macro. It defines the
//! sums over intervals ([`Sums`](crate::integrate::Sums)), the columns of tables
//! ([`Energy`](crate::Energy)) and the columns of reports. A new component needs a line here, its
//! signal in [`for_each_sample_signal!`](crate::for_each_sample_signal), a migration that adds its
//! two columns to the tables, and an entry in the views that the store's test `components` names.

/// Calls the macro named with every component, as
/// `doc name: column, column of its base, signal, part in the balance;`.
///
/// The base is the net energy over the intervals in which the component was metered. So a share
/// compares energy of the same time. The balance (`unexplained_kwh`) exists only where each
/// `required` component was metered. An `optional` component counts as zero where it was not
/// metered.
#[macro_export]
macro_rules! for_each_component {
    ($callback:ident) => {
        $callback! {
            /// Resistive cabin heater.
            heater: heater_kwh, heater_base_kwh, cabin_heater_power_watts, optional;
            /// Heat pump while it heats.
            heat_pump: heat_pump_kwh, heat_pump_base_kwh, heat_pump_power_watts, optional;
            /// The battery's heater.
            battery_heater: battery_heater_kwh, battery_heater_base_kwh, battery_heater_power_watts,
                optional;
            /// Air conditioning while it cools.
            air_conditioning: air_conditioning_kwh, air_conditioning_base_kwh,
                air_conditioning_power_watts, optional;
            /// All loads but traction, heating and cooling.
            auxiliary: auxiliary_kwh, auxiliary_base_kwh, auxiliary_power_watts, required;
            /// Traction inverters, less the energy that they gave back.
            traction: traction_kwh, traction_base_kwh, traction_power_watts, required;
        }
    };
}
