-- Range from full to empty by group and band of the exterior temperature, of trips that are complete enough.
-- Selects whole trips by their start, and uses the usable energy that was valid then. Reports and dashboards
-- read this function; the view winter_range gives the same figures from kept sums.
--
-- It is one plain statement, so that the planner can inline it. It sums products as exact decimal numbers, so
-- that the order of rows does not change the last bit. All other sums are exact anyway.
create or replace function range_by_band(
    -- all, bus, model or route.
    grouped_by text,
    -- Null means all.
    fleets text[],
    vehicles text[],
    -- Trips that began in [since, until); null means no limit.
    since timestamptz,
    until timestamptz,
    -- Minimum completeness of a trip, 0 to 1. 0 takes all trips; null takes the value of energy_setting.
    completeness_min double precision
)
returns table (
    name text,
    band_celsius smallint,
    has_enough_data boolean,
    range_km double precision,
    range_loss_share double precision,
    trips_left_out bigint,
    vehicles bigint,
    range_vehicles bigint,
    heat_sources text[],
    usable_energy_kwh double precision,
    usable_energy_source text,
    coverage double precision,
    distance_share double precision,
    completeness double precision,
    paired_net_kwh double precision,
    trips bigint,
    intervals bigint,
    seconds double precision,
    energy_seconds double precision,
    km double precision,
    net_kwh double precision,
    discharge_kwh double precision,
    regen_kwh double precision,
    paired_km double precision,
    kwh_per_km double precision,
    traction_kwh_per_km double precision,
    heater_kwh_per_km double precision,
    heat_pump_kwh_per_km double precision,
    battery_heater_kwh_per_km double precision,
    air_conditioning_kwh_per_km double precision,
    auxiliary_kwh_per_km double precision,
    unexplained_kwh_per_km double precision,
    heater_kwh double precision,
    heater_base_kwh double precision,
    heat_pump_kwh double precision,
    heat_pump_base_kwh double precision,
    battery_heater_kwh double precision,
    battery_heater_base_kwh double precision,
    air_conditioning_kwh double precision,
    air_conditioning_base_kwh double precision,
    auxiliary_kwh double precision,
    auxiliary_base_kwh double precision,
    traction_kwh double precision,
    traction_base_kwh double precision,
    unexplained_kwh double precision,
    unexplained_base_kwh double precision,
    split_traction_kwh double precision,
    split_other_kwh double precision,
    split_source text,
    unflagged_share double precision,
    fuel_litres double precision,
    exterior_temperature_mean_celsius double precision,
    heat_kwh double precision,
    heat_share double precision,
    fuel_heat_kwh double precision,
    wheel_regen_kwh double precision,
    wheel_regen_base_km double precision,
    cabin_temperature_mean_celsius double precision,
    setpoint_near_share double precision,
    is_cabin_cold boolean
)
language sql stable parallel safe
begin atomic
    with bucket as (
        select
            trip_part.*,
            case grouped_by
                when 'bus' then fleet || '/' || vehicle
                when 'model' then coalesce(model, 'unknown model')
                when 'route' then fleet || '/' || coalesce(route, 'no route')
                else 'all'
            end as name,
            is_complete(trip_completeness, range_by_band.completeness_min, setting) as is_complete
        from trip_part
        cross join energy_setting as setting
        where (fleets is null or fleet = any (fleets))
            and (vehicles is null or vehicle = any (vehicles))
            and (since is null or trip_began_at >= since)
            and (until is null or trip_began_at < until)
    ), band as (
        select
            name,
            band_celsius,
            count(distinct vehicle_id) filter (where intervals > 0) as vehicles,
            count(distinct vehicle_id)
                filter (where intervals > 0 and usable_energy_kwh is not null) as range_vehicles,
            sum((usable_energy_kwh * paired_km)::numeric)::double precision as usable_kwh_km,
            sum(paired_km) filter (where usable_energy_kwh is not null) as usable_km,
            sum(paired_net_kwh) filter (where usable_energy_kwh is not null) as usable_net_kwh,
            case
                when bool_or(usable_energy_source = 'soc')
                    and bool_or(usable_energy_source <> 'soc') then 'mixed'
                else min(usable_energy_source)
            end as usable_energy_source,
            sum(paired_net_kwh) as paired_net_kwh,
            count(distinct (vehicle_id, started_at, number))
                filter (where intervals > 0) as trips,
            sum(intervals)::bigint as intervals,
            sum(seconds) as seconds,
            sum(energy_seconds) as energy_seconds,
            sum(km) filter (where distance_seconds > 0) as km,
            sum(net_kwh) filter (where energy_seconds > 0) as net_kwh,
            sum(discharge_kwh) filter (where energy_seconds > 0) as discharge_kwh,
            sum(regen_kwh) filter (where energy_seconds > 0) as regen_kwh,
            sum(paired_km) as paired_km,
            sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
            sum(heater_kwh) as heater_kwh,
            sum(heater_base_kwh) as heater_base_kwh,
            sum(heat_pump_kwh) as heat_pump_kwh,
            sum(heat_pump_base_kwh) as heat_pump_base_kwh,
            sum(battery_heater_kwh) as battery_heater_kwh,
            sum(battery_heater_base_kwh) as battery_heater_base_kwh,
            sum(air_conditioning_kwh) as air_conditioning_kwh,
            sum(air_conditioning_base_kwh) as air_conditioning_base_kwh,
            sum(auxiliary_kwh) as auxiliary_kwh,
            sum(auxiliary_base_kwh) as auxiliary_base_kwh,
            sum(traction_kwh) as traction_kwh,
            sum(traction_base_kwh) as traction_base_kwh,
            sum(unexplained_kwh) as unexplained_kwh,
            sum(unexplained_base_kwh) as unexplained_base_kwh,
            split_traction_kwh(
                sum(traction_kwh), sum(net_kwh), sum(standing_net_kwh), sum(standing_seconds),
                sum(energy_seconds)
            ) as split_traction_kwh,
            split_other_kwh(
                sum(traction_kwh), sum(traction_base_kwh), sum(standing_net_kwh), sum(standing_seconds),
                sum(energy_seconds)
            ) as split_other_kwh,
            split_source(sum(traction_kwh), sum(standing_seconds), sum(energy_seconds)) as split_source,
            unflagged_share(sum(seconds), sum(flagged_seconds)) as unflagged_share,
            sum(fuel_litres) as fuel_litres,
            sum(exterior_kelvin_seconds) / nullif(sum(exterior_seconds), 0) - 273.15
                as exterior_temperature_mean_celsius,
            electric_heat_kwh(sum(heater_kwh), sum(heat_pump_kwh), sum(battery_heater_kwh)) as heat_kwh,
            electric_heat_share(
                sum(heater_kwh), sum(heat_pump_kwh), sum(battery_heater_kwh),
                sum(heater_base_kwh), sum(heat_pump_base_kwh), sum(battery_heater_base_kwh)
            ) as heat_share,
            fuel_heat_kwh(sum(fuel_litres)) as fuel_heat_kwh,
            sum(wheel_regen_kwh) as wheel_regen_kwh,
            sum(wheel_regen_base_km) as wheel_regen_base_km,
            sum(cabin_kelvin_seconds) / nullif(sum(cabin_seconds), 0) - 273.15
                as cabin_temperature_mean_celsius,
            sum(setpoint_near_seconds) / nullif(sum(setpoint_seconds), 0) as setpoint_near_share,
            is_cabin_cold(
                sum(cabin_kelvin_seconds), sum(cabin_seconds), sum(setpoint_seconds),
                sum(cabin_cold_seconds)
            ) as is_cabin_cold
        from bucket
        where is_complete
        group by name, band_celsius
        having sum(intervals) > 0
    ), touched as (
        -- Figures of whole trips: missing time has no temperature, and an odometer is too coarse for a part
        -- of a trip.
        select
            name,
            band_celsius,
            covered_share(
                sum(trip_seconds) filter (where is_complete),
                (sum(trip_duration_seconds) filter (where is_complete))::double precision
            ) as coverage,
            distance_share(
                sum(trip_km) filter (where is_complete and odometer_km is not null),
                (sum(odometer_km::numeric) filter (where is_complete and trip_km is not null))
                    ::double precision
            ) as distance_share,
            count(*) filter (where not is_complete) as trips_left_out
        from (
            select distinct
                name, band_celsius, vehicle_id, started_at, number, trip_seconds,
                trip_duration_seconds, trip_km, odometer_km, is_complete
            from bucket
            where intervals > 0
        ) as trip
        group by name, band_celsius
    ), heat as (
        select name, band_celsius, array_agg(distinct heat_source) as heat_sources
        from (
            select distinct name, band_celsius, vehicle_id from bucket where intervals > 0 and is_complete
        ) as driven
        join (select vehicle_id, heat_source from vehicle_heat_source) as source using (vehicle_id)
        group by name, band_celsius
    ), judged as (
        select
            *,
            has_enough_data(trips, energy_seconds, paired_km) as has_enough_data,
            is_mild(band_celsius) and has_enough_data(trips, energy_seconds, paired_km)
                as is_reference
        from band
    ), compared as (
        -- The loss follows from consumption alone. It needs no usable energy, so it stays comparable where
        -- only some vehicles have one.
        select
            *,
            sum(paired_net_kwh) filter (where is_reference) over (partition by name)
                / nullif(sum(paired_km) filter (where is_reference) over (partition by name), 0)
                as mild_kwh_per_km
        from judged
    )
    select
        t.name,
        t.band_celsius,
        coalesce(b.has_enough_data, false),
        case when b.usable_net_kwh > 0 and b.usable_km > 0 then b.usable_kwh_km / b.usable_net_kwh end,
        case when b.kwh_per_km > 0 and b.mild_kwh_per_km > 0
            then 1 - b.mild_kwh_per_km / b.kwh_per_km end,
        t.trips_left_out,
        coalesce(b.vehicles, 0),
        coalesce(b.range_vehicles, 0),
        coalesce(h.heat_sources, '{}'),
        b.usable_kwh_km / nullif(b.usable_km, 0),
        b.usable_energy_source,
        t.coverage,
        t.distance_share,
        least(t.coverage, b.unflagged_share, t.distance_share),
        b.paired_net_kwh,
        coalesce(b.trips, 0),
        b.intervals,
        b.seconds,
        b.energy_seconds,
        b.km,
        b.net_kwh,
        b.discharge_kwh,
        b.regen_kwh,
        b.paired_km,
        b.kwh_per_km,
        component_kwh_per_km(b.traction_kwh, b.traction_base_kwh, b.kwh_per_km),
        component_kwh_per_km(b.heater_kwh, b.heater_base_kwh, b.kwh_per_km),
        component_kwh_per_km(b.heat_pump_kwh, b.heat_pump_base_kwh, b.kwh_per_km),
        component_kwh_per_km(b.battery_heater_kwh, b.battery_heater_base_kwh, b.kwh_per_km),
        component_kwh_per_km(b.air_conditioning_kwh, b.air_conditioning_base_kwh, b.kwh_per_km),
        component_kwh_per_km(b.auxiliary_kwh, b.auxiliary_base_kwh, b.kwh_per_km),
        component_kwh_per_km(b.unexplained_kwh, b.unexplained_base_kwh, b.kwh_per_km),
        b.heater_kwh,
        b.heater_base_kwh,
        b.heat_pump_kwh,
        b.heat_pump_base_kwh,
        b.battery_heater_kwh,
        b.battery_heater_base_kwh,
        b.air_conditioning_kwh,
        b.air_conditioning_base_kwh,
        b.auxiliary_kwh,
        b.auxiliary_base_kwh,
        b.traction_kwh,
        b.traction_base_kwh,
        b.unexplained_kwh,
        b.unexplained_base_kwh,
        b.split_traction_kwh,
        b.split_other_kwh,
        b.split_source,
        b.unflagged_share,
        b.fuel_litres,
        b.exterior_temperature_mean_celsius,
        b.heat_kwh,
        b.heat_share,
        b.fuel_heat_kwh,
        b.wheel_regen_kwh,
        b.wheel_regen_base_km,
        b.cabin_temperature_mean_celsius,
        b.setpoint_near_share,
        b.is_cabin_cold
    from touched t
    left join compared b on b.name = t.name
        and b.band_celsius is not distinct from t.band_celsius
    left join heat h on h.name = t.name
        and h.band_celsius is not distinct from t.band_celsius;
end;

comment on function range_by_band is
    'Range by bus, model, route or all of them together (grouped_by) and band of the exterior (air) '
    'temperature; a null band means unknown. A band has a row without figures if all its trips are left out. '
    'range_km: usable energy at each trip''s start divided by the measured consumption, of the vehicles with '
    'known usable energy. range_loss_share: compared with the same group''s mild bands that have enough '
    'data. completeness: the least of coverage, unflagged_share and distance_share. The columns …_kwh_per_km '
    'of components apply the component''s share, measured while it was metered, to kwh_per_km.';
