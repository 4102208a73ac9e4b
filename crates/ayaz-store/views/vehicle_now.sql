-- Last known state of every vehicle. It starts from the newest reading with a plausible time that is not
-- historical, found by the primary key. Signals have different rates, so each column is the last value in the
-- minute that ends with that reading, or null if that minute has none.
create or replace view vehicle_now as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    -- Null if the vehicle never sent a status.
    s.online,
    s.changed_at as online_changed_at,
    newest.recorded_at,
    newest.received_at,
    extract(epoch from now() - newest.recorded_at)::double precision as age_seconds,
    n.samples,
    n.drive_cycle,
    n.route,
    n.block,
    n.speed_kmh,
    n.odometer_km,
    n.latitude_degrees,
    n.longitude_degrees,
    n.soc_percent,
    n.soh_percent,
    n.battery_temperature_celsius,
    n.cell_temperature_min_celsius,
    n.cabin_temperature_celsius,
    n.exterior_temperature_celsius,
    case n.charge_state
        when 1 then 'unplugged'
        when 2 then 'plugged'
        when 3 then 'charging'
        when 4 then 'complete'
        when 5 then 'fault'
    end as charge_state,
    n.charge_state <> 1 as plugged_in,
    n.charger_power_watts,
    n.charge_power_limit_kw,
    n.discharge_power_limit_kw,
    n.fuel_heater_on,
    n.low_voltage_battery_volts,
    n.alarm_level
from vehicle v
left join vehicle_status s using (vehicle_id)
left join lateral (
    select r.recorded_at, r.received_at
    from reading r
    where r.vehicle_id = v.vehicle_id and r.time_quality = 0 and not r.historical
    order by r.recorded_at desc
    limit 1
) newest on true
left join lateral (
    select
        count(*) as samples,
        last(drive_cycle, recorded_at) filter (where drive_cycle is not null) as drive_cycle,
        last(route, recorded_at) filter (where route is not null) as route,
        last(block, recorded_at) filter (where block is not null) as block,
        last(speed_kmh, recorded_at) filter (where speed_kmh is not null) as speed_kmh,
        last(odometer_km, recorded_at) filter (where odometer_km is not null) as odometer_km,
        last(latitude_degrees, recorded_at) filter (where position_valid) as latitude_degrees,
        last(longitude_degrees, recorded_at) filter (where position_valid) as longitude_degrees,
        last(soc_percent, recorded_at) filter (where soc_percent is not null) as soc_percent,
        last(soh_percent, recorded_at) filter (where soh_percent is not null) as soh_percent,
        last(battery_temperature_celsius, recorded_at)
            filter (where battery_temperature_celsius is not null) as battery_temperature_celsius,
        last(cell_temperature_min_celsius, recorded_at)
            filter (where cell_temperature_min_celsius is not null) as cell_temperature_min_celsius,
        last(cabin_temperature_celsius, recorded_at)
            filter (where cabin_temperature_celsius is not null) as cabin_temperature_celsius,
        last(exterior_temperature_celsius, recorded_at)
            filter (where exterior_temperature_celsius is not null) as exterior_temperature_celsius,
        last(charge_state, recorded_at) filter (where charge_state is not null) as charge_state,
        last(charger_power_watts, recorded_at)
            filter (where charger_power_watts is not null) as charger_power_watts,
        last(charge_power_limit_kw, recorded_at)
            filter (where charge_power_limit_kw is not null) as charge_power_limit_kw,
        last(discharge_power_limit_kw, recorded_at)
            filter (where discharge_power_limit_kw is not null) as discharge_power_limit_kw,
        last(fuel_heater_on, recorded_at)
            filter (where fuel_heater_on is not null) as fuel_heater_on,
        last(low_voltage_battery_volts, recorded_at)
            filter (where low_voltage_battery_volts is not null) as low_voltage_battery_volts,
        last(alarm_level, recorded_at) filter (where alarm_level is not null) as alarm_level
    from reading r
    where r.vehicle_id = v.vehicle_id
        and r.time_quality = 0
        and not r.historical
        and r.recorded_at > newest.recorded_at - interval '1 minute'
        and r.recorded_at <= newest.recorded_at
) n on true;

comment on view vehicle_now is
    'Last known state of every vehicle. recorded_at and age_seconds give its age; samples gives the number '
    'of readings of the last minute that it uses.';

comment on column vehicle_now.online is
    'Whether the vehicle is connected; null if it never sent a status.';
comment on column vehicle_now.online_changed_at is
    'When the status was received, by the daemon''s clock.';
comment on column vehicle_now.recorded_at is
    'Time of its newest reading with a plausible time that is not historical.';
comment on column vehicle_now.received_at is
    'When that reading was received, by the daemon''s clock.';
comment on column vehicle_now.age_seconds is 'Age of that reading, s.';
comment on column vehicle_now.samples is
    'Number of readings in the minute up to recorded_at, which the values come from.';
comment on column vehicle_now.drive_cycle is
    'Number of the drive cycle, which counts key-ons; null while the key is off. The last value of the '
    'minute up to recorded_at; null where that has none.';
comment on column vehicle_now.route is
    'Route, as the operator names it. The last value of the minute up to recorded_at; null where '
    'that has none.';
comment on column vehicle_now.block is
    'Vehicle block (the day''s chain of trips), as the operator names it. The last value of the '
    'minute up to recorded_at; null where that has none.';
comment on column vehicle_now.speed_kmh is
    'Speed over ground, km/h; stationary below 0.5. The last value of the minute up to recorded_at; null '
    'where that has none.';
comment on column vehicle_now.odometer_km is
    'Distance since manufacture, km. The last value of the minute up to recorded_at; null where '
    'that has none.';
comment on column vehicle_now.latitude_degrees is
    'WGS 84 latitude, degrees, north positive. The last value of the minute up to recorded_at; '
    'null where that has none.';
comment on column vehicle_now.longitude_degrees is
    'WGS 84 longitude, degrees, east positive. The last value of the minute up to recorded_at; '
    'null where that has none.';
comment on column vehicle_now.soc_percent is
    'State of charge of the usable window, %. The last value of the minute up to recorded_at; '
    'null where that has none.';
comment on column vehicle_now.soh_percent is
    'State of health, % of rated capacity. The last value of the minute up to recorded_at; null '
    'where that has none.';
comment on column vehicle_now.battery_temperature_celsius is
    'Mean temperature of the pack, °C. The last value of the minute up to recorded_at; null '
    'where that has none.';
comment on column vehicle_now.cell_temperature_min_celsius is
    'Coldest cell, °C. The last value of the minute up to recorded_at; null where that has none.';
comment on column vehicle_now.cabin_temperature_celsius is
    'Air in the passengers'' cabin, °C. The last value of the minute up to recorded_at; null '
    'where that has none.';
comment on column vehicle_now.exterior_temperature_celsius is
    'Air outside the vehicle, °C. The last value of the minute up to recorded_at; null where '
    'that has none.';
comment on column vehicle_now.charge_state is
    'State of the charging port: unplugged, plugged, charging, complete or fault; null where the minute up '
    'to recorded_at has none.';
comment on column vehicle_now.plugged_in is
    'Whether it is plugged in, by charge_state; null where not known.';
comment on column vehicle_now.charger_power_watts is
    'Power from the charger, W. The last value of the minute up to recorded_at; null where that '
    'has none.';
comment on column vehicle_now.charge_power_limit_kw is
    'Power the battery accepts now, kW. The last value of the minute up to recorded_at; null '
    'where that has none.';
comment on column vehicle_now.discharge_power_limit_kw is
    'Power the battery gives now, kW. The last value of the minute up to recorded_at; null where '
    'that has none.';
comment on column vehicle_now.fuel_heater_on is
    'Whether the fuel heater burns. The last value of the minute up to recorded_at; null where '
    'that has none.';
comment on column vehicle_now.low_voltage_battery_volts is
    'Voltage of the low-voltage battery (12 or 24 V nominal), V. The last value of the minute up '
    'to recorded_at; null where that has none.';
comment on column vehicle_now.alarm_level is
    'Highest alarm level, 0 none to 4 (GB/T 32960 uses 0 to 3). The last value of the minute up '
    'to recorded_at; null where that has none.';

grant select on vehicle_now to ayaz_analytics, ayaz_reader;
