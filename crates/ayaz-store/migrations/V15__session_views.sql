-- What people and dashboards read. Every view carries what its figures rest on: trips, intervals,
-- seconds, coverage, doubted time. A sum is null, and never zero, where nothing was measured.

-- Bands are 5 °C wide from −20 °C up and 2 °C below, as the worker cuts them.
create function band_label(band_celsius integer) returns text
language sql immutable parallel safe
return case
    when band_celsius is null then 'unknown'
    when band_celsius < -20 then format('[%s,%s)', band_celsius, band_celsius + 2)
    else format('[%s,%s)', band_celsius, band_celsius + 5)
end;

comment on function band_label is
    'A temperature band as [from,to) in °C, by its lower edge; unknown for null.';

-- Pieces that belong to trips, with the names of their vehicle. Filter it by hour, fleet or vehicle
-- and the filter reaches the table.
create view trip_piece as
select v.fleet, v.vehicle, v.model, p.*
from energy_piece p
join vehicle v using (vehicle_id)
where p.activity = 'trip';

comment on view trip_piece is
    'Pieces of energy_piece that belong to trips, with fleet, vehicle and model.';

-- One row per vehicle and UTC hour. Driving and charging stay apart: what flows into the battery on
-- the plug is no regeneration.
create view hour_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    p.vehicle_id,
    p.hour,
    sum(p.intervals)::bigint as intervals,
    sum(p.seconds) as seconds,
    sum(p.doubted_seconds) as doubted_seconds,
    least(sum(p.seconds) / 3600, 1) as coverage,
    sum(p.seconds) filter (where p.plugged_in) as plugged_seconds,
    sum(p.km) filter (where p.distance_seconds > 0) as km,
    sum(p.net_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as net_kwh,
    sum(p.discharge_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as discharge_kwh,
    sum(p.regen_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as regen_kwh,
    -sum(p.net_kwh) filter (where p.plugged_in and p.energy_seconds > 0) as charged_kwh,
    sum(p.charger_kwh) as charger_kwh,
    sum(p.heater_kwh) as heater_kwh,
    sum(p.heat_pump_kwh) as heat_pump_kwh,
    sum(p.battery_heater_kwh) as battery_heater_kwh,
    sum(p.air_conditioning_kwh) as air_conditioning_kwh,
    sum(p.auxiliary_kwh) as auxiliary_kwh,
    sum(p.traction_kwh) as traction_kwh,
    sum(p.unexplained_kwh) as unexplained_kwh,
    sum(p.fuel_litres) as fuel_litres,
    sum(p.exterior_kelvin_seconds) / nullif(sum(p.exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius
from energy_piece p
join vehicle v using (vehicle_id)
group by v.fleet, v.vehicle, v.model, p.vehicle_id, p.hour;

comment on view hour_energy is
    'Energy, distance and coverage by vehicle and UTC hour. net, discharge and regen are without '
    'what flowed on the plug, which is charged_kwh (battery) and charger_kwh (charger). Components '
    'count both.';

-- One row per session.
create view session_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    s.vehicle_id,
    s.kind,
    s.started_at,
    s.ended_at,
    -- The vehicle's last one, while it still sends.
    s.ended_at > now() - interval '15 minutes'
        and not exists (
            select from session later
            where later.vehicle_id = s.vehicle_id and later.started_at > s.started_at
        ) as is_open,
    s.service_day,
    s.number,
    s.drive_cycle,
    s.trip_started_at,
    s.route,
    s.charging_station,
    s.plugged_in_share,
    case
        when s.kind = 'conditioning' and s.plugged_in_share >= 0.5 then 'grid'
        when s.kind = 'conditioning' then 'battery'
    end as conditioning_source,
    extract(epoch from s.ended_at - s.started_at)::double precision as duration_seconds,
    least(
        s.seconds / nullif(extract(epoch from s.ended_at - s.started_at)::double precision, 0), 1
    ) as coverage,
    s.intervals,
    s.seconds,
    s.doubted_seconds,
    s.distance_seconds,
    s.energy_seconds,
    s.paired_km,
    s.paired_net_kwh,
    s.standing_seconds,
    s.standing_net_kwh,
    case when s.distance_seconds > 0 then s.km end as km,
    case when s.energy_seconds > 0 then s.net_kwh end as net_kwh,
    case when s.energy_seconds > 0 then s.discharge_kwh end as discharge_kwh,
    case when s.energy_seconds > 0 then s.regen_kwh end as regen_kwh,
    s.heater_kwh,
    s.heater_base_kwh,
    s.heat_pump_kwh,
    s.heat_pump_base_kwh,
    s.battery_heater_kwh,
    s.battery_heater_base_kwh,
    s.air_conditioning_kwh,
    s.air_conditioning_base_kwh,
    s.auxiliary_kwh,
    s.auxiliary_base_kwh,
    s.traction_kwh,
    s.traction_base_kwh,
    s.charger_kwh,
    s.unexplained_kwh,
    s.unexplained_base_kwh,
    s.fuel_litres,
    -- Into the battery on the plug, kWh.
    case when s.kind = 'charging' and s.energy_seconds > 0 then -s.net_kwh end as charged_kwh,
    -- Heating of the cabin: metered, or estimated from what the bus takes while it stands.
    case
        when s.heater_kwh is not null or s.heat_pump_kwh is not null
            then coalesce(s.heater_kwh, 0) + coalesce(s.heat_pump_kwh, 0)
    end as cabin_heat_kwh,
    -- Of trips: where a traction meter is, it parts the energy of its own intervals; elsewhere what
    -- the bus takes while it stands is taken for all that does not drive it.
    case
        when s.kind <> 'trip' or s.energy_seconds = 0 then null
        when s.traction_kwh is not null then s.traction_kwh
        when s.standing_seconds >= 300
            then s.net_kwh - s.standing_net_kwh / s.standing_seconds * s.energy_seconds
    end as split_traction_kwh,
    case
        when s.kind <> 'trip' or s.energy_seconds = 0 then null
        when s.traction_kwh is not null then s.traction_base_kwh - s.traction_kwh
        when s.standing_seconds >= 300
            then s.standing_net_kwh / s.standing_seconds * s.energy_seconds
    end as split_other_kwh,
    case
        when s.kind <> 'trip' or s.energy_seconds = 0 then null
        when s.traction_kwh is not null then 'metered'
        when s.standing_seconds >= 300 then 'estimated'
    end as split_source,
    -- Heating value of diesel, 9.9 kWh/l: beside the electric energy, never part of it.
    s.fuel_litres * 9.9 as fuel_heat_kwh,
    s.paired_net_kwh / nullif(s.paired_km, 0) as kwh_per_km,
    s.heater_kwh / nullif(s.heater_base_kwh, 0) as heater_share,
    s.exterior_kelvin_seconds / nullif(s.exterior_seconds, 0) - 273.15
        as exterior_temperature_mean_celsius,
    s.soc_start_percent,
    s.soc_end_percent,
    s.odometer_start_km,
    s.odometer_end_km,
    -- A quality figure beside km, never a correction.
    s.odometer_end_km - s.odometer_start_km as odometer_km,
    s.exterior_start_celsius,
    s.exterior_end_celsius,
    s.cabin_start_celsius,
    s.cabin_end_celsius,
    s.battery_start_celsius,
    s.battery_end_celsius
from session s
join vehicle v using (vehicle_id);

comment on view session_energy is
    'What each vehicle did: trips, charging, conditioning, parking, with energy by component, state '
    'of charge, temperatures at either end, and coverage. net_kwh is out of the battery; from the '
    'grid comes charger_kwh. split_traction_kwh and split_other_kwh part the battery''s energy, '
    'metered or, where no traction meter is, estimated by standing power (split_source).';

-- One row per trip.
create view trip_energy as
select
    fleet, vehicle, model, vehicle_id, drive_cycle, trip_started_at, number, service_day, route,
    started_at, ended_at, intervals, coverage,
    seconds,
    doubted_seconds,
    distance_seconds,
    energy_seconds,
    paired_km,
    paired_net_kwh,
    standing_seconds,
    standing_net_kwh,
    km, net_kwh, discharge_kwh, regen_kwh,
    heater_kwh,
    heater_base_kwh,
    heat_pump_kwh,
    heat_pump_base_kwh,
    battery_heater_kwh,
    battery_heater_base_kwh,
    air_conditioning_kwh,
    air_conditioning_base_kwh,
    auxiliary_kwh,
    auxiliary_base_kwh,
    traction_kwh,
    traction_base_kwh,
    charger_kwh,
    unexplained_kwh,
    unexplained_base_kwh,
    fuel_litres,
    kwh_per_km, heater_share, exterior_temperature_mean_celsius, soc_start_percent,
    soc_end_percent, odometer_km, fuel_heat_kwh, cabin_heat_kwh, split_traction_kwh,
    split_other_kwh, split_source
from session_energy
where kind = 'trip' and intervals > 0;

comment on view trip_energy is
    'One row per trip. coverage is the share of the time from its first to its last sample that '
    'counted; a share of a component is taken of its own base only.';

-- One row per trip and temperature band; null is the unknown band.
create view trip_band_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    b.vehicle_id,
    b.started_at,
    b.number,
    b.band_celsius,
    sum(b.intervals)::bigint as intervals,
    sum(b.seconds) as seconds,
    sum(b.doubted_seconds) as doubted_seconds,
    sum(b.distance_seconds) as distance_seconds,
    sum(b.energy_seconds) as energy_seconds,
    sum(b.paired_km) as paired_km,
    sum(b.paired_net_kwh) as paired_net_kwh,
    sum(b.standing_seconds) as standing_seconds,
    sum(b.standing_net_kwh) as standing_net_kwh,
    sum(b.km) filter (where b.distance_seconds > 0) as km,
    sum(b.net_kwh) filter (where b.energy_seconds > 0) as net_kwh,
    sum(b.discharge_kwh) filter (where b.energy_seconds > 0) as discharge_kwh,
    sum(b.regen_kwh) filter (where b.energy_seconds > 0) as regen_kwh,
    sum(b.heater_kwh) as heater_kwh,
    sum(b.heater_base_kwh) as heater_base_kwh,
    sum(b.heat_pump_kwh) as heat_pump_kwh,
    sum(b.heat_pump_base_kwh) as heat_pump_base_kwh,
    sum(b.battery_heater_kwh) as battery_heater_kwh,
    sum(b.battery_heater_base_kwh) as battery_heater_base_kwh,
    sum(b.air_conditioning_kwh) as air_conditioning_kwh,
    sum(b.air_conditioning_base_kwh) as air_conditioning_base_kwh,
    sum(b.auxiliary_kwh) as auxiliary_kwh,
    sum(b.auxiliary_base_kwh) as auxiliary_base_kwh,
    sum(b.traction_kwh) as traction_kwh,
    sum(b.traction_base_kwh) as traction_base_kwh,
    sum(b.charger_kwh) as charger_kwh,
    sum(b.unexplained_kwh) as unexplained_kwh,
    sum(b.unexplained_base_kwh) as unexplained_base_kwh,
    sum(b.fuel_litres) as fuel_litres,
    sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
    sum(heater_kwh) / nullif(sum(heater_base_kwh), 0) as heater_share,
    sum(exterior_kelvin_seconds) / nullif(sum(exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius
from trip_band b
join vehicle v using (vehicle_id)
group by v.fleet, v.vehicle, v.model, b.vehicle_id, b.started_at, b.number, b.band_celsius
having sum(b.intervals) > 0;

comment on view trip_band_energy is
    'One row per trip and band of the exterior temperature (5 °C wide, 2 °C below −20; lower edge; '
    'null is unknown).';

-- One row per vehicle and band, over everything known of it. From the months, so that it answers for
-- a season of a large fleet at once; filter month_band itself for a part of the history.
create view band_energy as
select v.fleet, v.vehicle, v.model, m.*
from (
    -- Without the vehicles' names, by which the planner would sort.
    select
        m.vehicle_id,
        m.band_celsius,
        sum(m.trips)::bigint as trips,
        sum(m.intervals)::bigint as intervals,
        least(sum(m.trip_seconds) / nullif(sum(m.trip_duration_seconds), 0), 1) as coverage,
        sum(m.seconds) as seconds,
        sum(m.doubted_seconds) as doubted_seconds,
        sum(m.distance_seconds) as distance_seconds,
        sum(m.energy_seconds) as energy_seconds,
        sum(m.paired_km) as paired_km,
        sum(m.paired_net_kwh) as paired_net_kwh,
        sum(m.standing_seconds) as standing_seconds,
        sum(m.standing_net_kwh) as standing_net_kwh,
        sum(m.km) filter (where m.distance_seconds > 0) as km,
        sum(m.net_kwh) filter (where m.energy_seconds > 0) as net_kwh,
        sum(m.discharge_kwh) filter (where m.energy_seconds > 0) as discharge_kwh,
        sum(m.regen_kwh) filter (where m.energy_seconds > 0) as regen_kwh,
        sum(m.heater_kwh) as heater_kwh,
        sum(m.heater_base_kwh) as heater_base_kwh,
        sum(m.heat_pump_kwh) as heat_pump_kwh,
        sum(m.heat_pump_base_kwh) as heat_pump_base_kwh,
        sum(m.battery_heater_kwh) as battery_heater_kwh,
        sum(m.battery_heater_base_kwh) as battery_heater_base_kwh,
        sum(m.air_conditioning_kwh) as air_conditioning_kwh,
        sum(m.air_conditioning_base_kwh) as air_conditioning_base_kwh,
        sum(m.auxiliary_kwh) as auxiliary_kwh,
        sum(m.auxiliary_base_kwh) as auxiliary_base_kwh,
        sum(m.traction_kwh) as traction_kwh,
        sum(m.traction_base_kwh) as traction_base_kwh,
        sum(m.charger_kwh) as charger_kwh,
        sum(m.unexplained_kwh) as unexplained_kwh,
        sum(m.unexplained_base_kwh) as unexplained_base_kwh,
        sum(m.fuel_litres) as fuel_litres,
        sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km,
        sum(heater_kwh) / nullif(sum(heater_base_kwh), 0) as heater_share,
        sum(exterior_kelvin_seconds) / nullif(sum(exterior_seconds), 0) - 273.15
            as exterior_temperature_mean_celsius
    from month_band m
    group by m.vehicle_id, m.band_celsius
) as m
join vehicle v using (vehicle_id);

comment on view band_energy is
    'One row per vehicle and band of the exterior temperature, trips only. coverage is that of the '
    'trips that touch the band, since missing time has no temperature.';

-- The energy between full and empty: what the operator says of the vehicle or of its model, or what
-- the trips show.
-- The estimate uses trips whose state of charge is known at both ends and whose energy was measured
-- for nearly all of their time (energy that is missing would make the battery look smaller), and
-- needs 40 points of discharge, below which one-point steps of the state of charge decide it.
create view vehicle_usable_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    coalesce(c.value::double precision, m.usable_energy_kwh, s.usable_energy_kwh)
        as usable_energy_kwh,
    case
        when c.value is not null then 'vehicle'
        when m.usable_energy_kwh is not null then 'model'
        when s.usable_energy_kwh is not null then 'soc'
    end as usable_energy_source
from vehicle v
left join vehicle_model m using (model)
left join vehicle_context c on c.vehicle_id = v.vehicle_id
    and c.attribute = 'usable_energy_kwh'
    and c.valid_from <= now() and c.valid_to > now()
left join (
    select vehicle_id, sum(net_kwh) / (sum(soc_drop_percent) / 100) as usable_energy_kwh
    from month_charge
    group by vehicle_id
    having sum(soc_drop_percent) >= 40 and sum(net_kwh) > 0
) s on s.vehicle_id = v.vehicle_id;

comment on view vehicle_usable_energy is
    'Usable battery energy by vehicle, kWh, and whether it is the vehicle''s own as of today, the '
    'model''s, or an estimate from the state of charge; null where none is known.';

-- Range from full to empty by vehicle and band. Never extrapolated: a band without trips has no row.
create view winter_range as
select
    b.fleet,
    b.vehicle,
    b.model,
    b.vehicle_id,
    b.band_celsius,
    case when b.kwh_per_km > 0 then u.usable_energy_kwh / b.kwh_per_km end as range_km,
    -- Against the vehicle's own consumption from +10 to +20 °C; null where that is not known.
    case when b.kwh_per_km > 0 then 1 - mild.kwh_per_km / b.kwh_per_km end as range_loss_share,
    b.kwh_per_km,
    b.trips,
    b.seconds,
    b.km,
    b.coverage,
    b.doubted_seconds,
    b.heater_share,
    u.usable_energy_kwh,
    u.usable_energy_source
from band_energy b
join vehicle_usable_energy u using (vehicle_id)
left join (
    select vehicle_id, sum(paired_net_kwh) / nullif(sum(paired_km), 0) as kwh_per_km
    from month_band
    where band_celsius in (10, 15)
    group by vehicle_id
    having sum(trips) >= 3 and sum(paired_km) >= 10
) mild using (vehicle_id);

comment on view winter_range is
    'Range by vehicle and temperature band: usable energy over measured kWh/km; null where one is '
    'missing. What the energy went into is in band_energy.';

-- How fast packs cool on their own: parked for an hour and more, off the plug, without heating.
create view cold_soak as
select
    fleet,
    vehicle,
    model,
    vehicle_id,
    started_at,
    ended_at,
    is_open,
    duration_seconds,
    coverage,
    exterior_temperature_mean_celsius,
    battery_start_celsius,
    battery_end_celsius,
    cabin_start_celsius,
    cabin_end_celsius,
    (battery_start_celsius - battery_end_celsius) / (duration_seconds / 3600)
        as battery_cooling_kelvin_per_hour,
    -- Newton's law of cooling: the hours in which the difference to the air falls to a 1/e.
    case
        when battery_start_celsius - exterior_temperature_mean_celsius > 5
            and battery_end_celsius - exterior_temperature_mean_celsius > 1
            and battery_start_celsius - battery_end_celsius >= 0.5
        then duration_seconds / 3600 / ln(
            (battery_start_celsius - exterior_temperature_mean_celsius)
                / (battery_end_celsius - exterior_temperature_mean_celsius)
        )
    end as battery_time_constant_hours
from session_energy
where kind = 'parking'
    and plugged_in_share = 0
    and duration_seconds >= 3600
    and battery_start_celsius is not null
    and battery_end_celsius is not null;

comment on view cold_soak is
    'How each pack cools while its bus is parked off the plug: by the hour, and as the time constant '
    'of its difference to the air outside (null where that is too small to tell).';

-- How complete each vehicle's service day is. Sequences count what the device numbered: what is
-- missing between a boot's first and last number of the day was sent and not stored, lost before, or
-- marked for its time.
create view bus_day_completeness as
with sequences as (
    select
        vehicle_id,
        service_day,
        sum(readings)::bigint as readings,
        sum(readings_doubted)::bigint as readings_doubted,
        sum(readings_out_of_order)::bigint as readings_out_of_order,
        -- Numbers are the device's own and may be anything: one bus must not break the view.
        least(sum(missing), 9007199254740991)::bigint as readings_missing
    from (
        select
            vehicle_id,
            service_day,
            boot_id,
            sum(readings) as readings,
            sum(readings_doubted) as readings_doubted,
            sum(readings_out_of_order) as readings_out_of_order,
            greatest(max(sequence_max)::numeric - min(sequence_min) + 1 - sum(readings), 0)
                as missing
        from hour_sequence
        group by vehicle_id, service_day, boot_id
    ) as boot
    group by vehicle_id, service_day
), trips as (
    select
        vehicle_id,
        service_day,
        count(*) filter (where intervals > 0) as trips,
        sum(seconds) as seconds,
        sum(extract(epoch from ended_at - started_at)::double precision) as duration_seconds,
        sum(km) filter (where distance_seconds > 0) as km,
        sum(odometer_end_km - odometer_start_km) as odometer_km,
        -- Of the trips that have both.
        sum(km) filter (where distance_seconds > 0 and odometer_end_km is not null) as compared_km,
        sum(odometer_end_km - odometer_start_km) filter (where distance_seconds > 0)
            as compared_odometer_km
    from session
    where kind = 'trip'
    group by vehicle_id, service_day
)
select
    v.fleet,
    v.vehicle,
    v.model,
    s.vehicle_id,
    s.service_day,
    s.readings,
    s.readings_missing,
    s.readings_doubted,
    s.readings_out_of_order,
    coalesce(t.trips, 0) as trips,
    t.km,
    t.odometer_km,
    s.readings::double precision / nullif(s.readings + s.readings_missing, 0) as sequence_share,
    least(t.seconds / nullif(t.duration_seconds, 0), 1) as trip_coverage,
    case
        when t.compared_odometer_km > 1
            then greatest(1 - abs(t.compared_km / t.compared_odometer_km - 1), 0)
    end as distance_share,
    greatest(
        1 - (s.readings_doubted + s.readings_out_of_order)::double precision
            / nullif(s.readings, 0),
        0
    ) as trusted_share,
    -- The worst of them.
    least(
        s.readings::double precision / nullif(s.readings + s.readings_missing, 0),
        t.seconds / nullif(t.duration_seconds, 0),
        case
            when t.compared_odometer_km > 1
                then greatest(1 - abs(t.compared_km / t.compared_odometer_km - 1), 0)
        end,
        greatest(
            1 - (s.readings_doubted + s.readings_out_of_order)::double precision
                / nullif(s.readings, 0),
            0
        )
    ) as completeness
from sequences s
join vehicle v using (vehicle_id)
left join trips t using (vehicle_id, service_day);

comment on view bus_day_completeness is
    'How far each vehicle''s service day can be trusted, 0 to 1: readings present of those that were '
    'numbered, time of trips covered, integrated distance against the odometer, readings without '
    'doubts whose clock did not step; completeness is the worst of them. Readings count to the day '
    'they were taken on, trips and km to the day on which the trip began.';

-- One row per vehicle and service day, with how far it can be trusted.
create view day_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    p.vehicle_id,
    p.service_day,
    c.completeness,
    sum(p.intervals)::bigint as intervals,
    sum(p.seconds) as seconds,
    sum(p.doubted_seconds) as doubted_seconds,
    sum(p.seconds) filter (where p.activity = 'trip') as trip_seconds,
    sum(p.seconds) filter (where p.activity = 'charging') as charging_seconds,
    sum(p.seconds) filter (where p.activity = 'conditioning') as conditioning_seconds,
    sum(p.seconds) filter (where p.activity = 'parking') as parking_seconds,
    sum(p.km) filter (where p.distance_seconds > 0) as km,
    sum(p.net_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as net_kwh,
    sum(p.discharge_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as discharge_kwh,
    sum(p.regen_kwh) filter (where not p.plugged_in and p.energy_seconds > 0) as regen_kwh,
    -sum(p.net_kwh) filter (where p.plugged_in and p.energy_seconds > 0) as charged_kwh,
    sum(p.charger_kwh) as charger_kwh,
    -- Off the plug, as net_kwh, and on it.
    sum(p.traction_kwh) filter (where not p.plugged_in) as traction_kwh,
    sum(p.heater_kwh) filter (where not p.plugged_in) as heater_kwh,
    sum(p.heater_kwh) filter (where p.plugged_in) as plugged_heater_kwh,
    sum(p.heat_pump_kwh) filter (where not p.plugged_in) as heat_pump_kwh,
    sum(p.heat_pump_kwh) filter (where p.plugged_in) as plugged_heat_pump_kwh,
    sum(p.battery_heater_kwh) filter (where not p.plugged_in) as battery_heater_kwh,
    sum(p.battery_heater_kwh) filter (where p.plugged_in) as plugged_battery_heater_kwh,
    sum(p.air_conditioning_kwh) filter (where not p.plugged_in) as air_conditioning_kwh,
    sum(p.air_conditioning_kwh) filter (where p.plugged_in) as plugged_air_conditioning_kwh,
    sum(p.auxiliary_kwh) filter (where not p.plugged_in) as auxiliary_kwh,
    sum(p.auxiliary_kwh) filter (where p.plugged_in) as plugged_auxiliary_kwh,
    sum(p.unexplained_kwh) as unexplained_kwh,
    sum(p.fuel_litres) as fuel_litres,
    sum(p.fuel_litres) * 9.9 as fuel_heat_kwh,
    sum(p.exterior_kelvin_seconds) / nullif(sum(p.exterior_seconds), 0) - 273.15
        as exterior_temperature_mean_celsius
from energy_piece p
join vehicle v using (vehicle_id)
left join bus_day_completeness c using (vehicle_id, service_day)
group by v.fleet, v.vehicle, v.model, p.vehicle_id, p.service_day, c.completeness;

comment on view day_energy is
    'Energy by vehicle and service day (cut by the depot''s zone and cut-over hour), off the plug '
    'and on it, with the day''s completeness.';

-- What of the readings is doubted, row by row: the row as it came, and why.
create view doubted_reading as
select d.checks, d.signals as doubted_signals, d.whole_row, r.*
from doubted_stretch d
join reading r
    on r.vehicle_id = d.vehicle_id
    and r.boot_id = d.boot_id
    and r.recorded_at between d.started_at and d.ended_at
    and r.time_quality = 0;

comment on view doubted_reading is
    'Readings whose values the plausibility checks doubt, with the checks and the signals. The rows '
    'stay as they came; doubted values enter no aggregate.';

-- Each vehicle's exterior temperature against the others of its fleet in the same hour: a sensor in
-- the sun or beside a heater shows here.
create view exterior_against_fleet as
select
    h.fleet,
    h.vehicle,
    h.vehicle_id,
    h.hour,
    h.exterior_temperature_mean_celsius,
    m.median_celsius,
    m.vehicles,
    h.exterior_temperature_mean_celsius - m.median_celsius as deviation_kelvin,
    -- Depots of a fleet are one climate; a bus that stands in a hall is no wonder below that.
    m.vehicles >= 5 and abs(h.exterior_temperature_mean_celsius - m.median_celsius) > 8
        as is_doubted
from hour_energy h
join lateral (
    select
        count(*) as vehicles,
        percentile_cont(0.5) within group (order by other.celsius) as median_celsius
    from (
        select
            sum(p.exterior_kelvin_seconds) / nullif(sum(p.exterior_seconds), 0) - 273.15 as celsius
        from energy_piece p
        join vehicle v using (vehicle_id)
        where p.hour = h.hour and v.fleet = h.fleet
        group by p.vehicle_id
    ) as other
    where other.celsius is not null
) m on true
where h.exterior_temperature_mean_celsius is not null;

comment on view exterior_against_fleet is
    'Each vehicle''s mean exterior temperature of an hour against the median of its fleet; is_doubted '
    'where five buses and more say otherwise by more than 8 K. Filter it by hour.';

grant select on trip_piece, hour_energy, session_energy, trip_energy, trip_band_energy, band_energy,
    vehicle_usable_energy, winter_range, cold_soak, bus_day_completeness, day_energy,
    doubted_reading, exterior_against_fleet
to ayaz_reader, ayaz_analytics;
