-- The last readings of what began before the cut-over are no day of their own. A bus whose reading at
-- 03:00:00 was the last before it slept had a day of 0 % for it.

alter table service_day_time add column is_rest boolean not null default false;
alter table service_day_time alter column is_rest drop default;

comment on column service_day_time.is_rest is
    'Whether all that is known of the day are the last readings, of at most two minutes after the cut-over, of '
    'what began before it, and nothing says that the vehicle did anything after them. A vehicle that was '
    'silent and had driven by its odometer when it was next heard has a day, of which nothing is known.';

-- Which days that are is told by the sessions around them, so all of them are looked at again.
insert into refresh_queue (vehicle_id, hour)
select vehicle_id, hour from refreshed_hour
on conflict do nothing;

create or replace view bus_day_completeness as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    d.service_day,
    d.readings,
    d.readings_missing,
    d.readings_doubted,
    d.readings_out_of_order,
    d.trips,
    d.km,
    d.odometer_km,
    d.sequence_share,
    d.trip_coverage,
    distance_share(coalesce(d.km, 0), d.odometer_km) as distance_share,
    d.trusted_share,
    least(
        d.sequence_share,
        d.trip_coverage,
        distance_share(coalesce(d.km, 0), d.odometer_km),
        d.trusted_share,
        d.time_share
    ) as completeness,
    d.time_share,
    d.active_seconds,
    d.still_seconds
-- By vehicle, and each table by its index, so that days of one vehicle, or a range of days, do not read
-- all of the history.
from vehicle v
cross join lateral (
    select
        s.*,
        coalesce(t.trips, 0) as trips,
        p.km,
        -- From where the odometer stood before, so that driving between two days is not forgotten.
        p.odometer_end_km - least(coalesce(b.odometer_end_km, p.odometer_start_km),
            p.odometer_start_km) as odometer_km,
        covered_share(t.seconds, t.duration_seconds) as trip_coverage,
        covered_share(s.readings, s.readings + s.readings_missing) as sequence_share,
        greatest(
            1 - (s.readings_doubted + s.readings_out_of_order)::double precision
                / nullif(s.readings, 0),
            0
        ) as trusted_share,
        -- Of a day that is not over, of the time so far. A day of a single reading has no row, and
        -- nothing is accounted for.
        case when w.vehicle_id is null then 0 else covered_share(
            w.active_seconds + w.still_seconds,
            extract(epoch from least(w.ended_at, greatest(now(), w.started_at)) - w.started_at)
                ::double precision
        ) end as time_share,
        w.active_seconds,
        w.still_seconds
    from (
        select
            service_day,
            sum(readings)::bigint as readings,
            sum(readings_doubted)::bigint as readings_doubted,
            sum(readings_out_of_order)::bigint as readings_out_of_order,
            -- Numbers are the device's own and may be anything: one bus must not break the view.
            least(sum(missing), 9007199254740991)::bigint as readings_missing
        from (
            select
                service_day,
                sum(readings) as readings,
                sum(readings_doubted) as readings_doubted,
                sum(readings_out_of_order) as readings_out_of_order,
                greatest(max(sequence_max)::numeric - min(sequence_min) + 1 - sum(readings), 0)
                    as missing
            from hour_sequence h
            where h.vehicle_id = v.vehicle_id
            group by service_day, boot_id
        ) as boot
        group by service_day
    ) as s
    left join lateral (
        select
            count(*) filter (where e.intervals > 0) as trips,
            sum(e.seconds) as seconds,
            sum(extract(epoch from e.ended_at - e.started_at))::double precision
                as duration_seconds
        from session e
        where e.vehicle_id = v.vehicle_id and e.service_day = s.service_day and e.kind = 'trip'
    ) t on true
    left join lateral (
        select
            min(e.hour) as first_hour,
            sum(e.km) filter (where e.distance_seconds > 0) as km,
            min(e.odometer_start_km) as odometer_start_km,
            max(e.odometer_end_km) as odometer_end_km
        from energy_piece e
        where e.vehicle_id = v.vehicle_id and e.service_day = s.service_day
    ) p on true
    left join service_day_time w
        on w.vehicle_id = v.vehicle_id and w.service_day = s.service_day
    left join lateral (
        select e.odometer_end_km
        from energy_piece e
        where e.vehicle_id = v.vehicle_id
            and e.hour <= p.first_hour and e.hour > p.first_hour - interval '7 days'
            and e.service_day < s.service_day
            and e.odometer_end_km is not null
        order by e.hour desc, e.piece desc
        limit 1
    ) b on true
    where w.is_rest is not true
) as d;

comment on view bus_day_completeness is
    'How far each vehicle''s service day can be trusted, 0 to 1: readings present of those that were '
    'numbered, time of trips covered, integrated distance against the odometer (since up to seven days before), '
    'readings without doubts whose clock did not step, and the share of the day that is accounted '
    'for: measured or known to have been spent standing, see service_day_time. completeness is the '
    'worst of them. Everything counts to the day it was taken on, trips and trip_coverage to the day on '
    'which the trip began. A day that has only the last readings of what began before it (is_rest of '
    'service_day_time) is no row';

create or replace view day_energy as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    d.service_day,
    c.completeness,
    d.intervals,
    d.seconds,
    d.doubted_seconds,
    d.trip_seconds,
    d.charging_seconds,
    d.conditioning_seconds,
    d.parking_seconds,
    d.km,
    d.net_kwh,
    d.discharge_kwh,
    d.regen_kwh,
    d.charged_kwh,
    d.charger_kwh,
    d.traction_kwh,
    d.heater_kwh,
    d.plugged_heater_kwh,
    d.heat_pump_kwh,
    d.plugged_heat_pump_kwh,
    d.battery_heater_kwh,
    d.plugged_battery_heater_kwh,
    d.air_conditioning_kwh,
    d.plugged_air_conditioning_kwh,
    d.auxiliary_kwh,
    d.plugged_auxiliary_kwh,
    d.unexplained_kwh,
    d.fuel_litres,
    fuel_heat_kwh(d.fuel_litres) as fuel_heat_kwh,
    d.exterior_temperature_mean_celsius,
    split_traction_kwh(
        d.trip_traction_kwh, d.trip_net_kwh, d.trip_standing_net_kwh,
        d.trip_standing_seconds, d.trip_energy_seconds
    ) as split_traction_kwh,
    split_other_kwh(
        d.trip_traction_kwh, d.trip_traction_base_kwh, d.trip_standing_net_kwh,
        d.trip_standing_seconds, d.trip_energy_seconds
    ) as split_other_kwh,
    split_source(d.trip_traction_kwh, d.trip_standing_seconds, d.trip_energy_seconds)
        as split_source
-- By vehicle, so that one that is chosen by its name is read by its index.
from vehicle v
cross join lateral (
    select
        p.service_day,
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
        sum(p.exterior_kelvin_seconds) filter (where x.hour is null)
            / nullif(sum(p.exterior_seconds) filter (where x.hour is null), 0) - 273.15
            as exterior_temperature_mean_celsius,
        sum(p.traction_kwh) filter (where p.activity = 'trip') as trip_traction_kwh,
        sum(p.traction_base_kwh) filter (where p.activity = 'trip') as trip_traction_base_kwh,
        sum(p.net_kwh) filter (where p.activity = 'trip') as trip_net_kwh,
        sum(p.standing_net_kwh) filter (where p.activity = 'trip') as trip_standing_net_kwh,
        sum(p.standing_seconds) filter (where p.activity = 'trip') as trip_standing_seconds,
        sum(p.energy_seconds) filter (where p.activity = 'trip') as trip_energy_seconds
    from energy_piece p
    left join exterior_doubt x using (vehicle_id, hour)
    where p.vehicle_id = v.vehicle_id
    group by p.service_day
) as d
left join lateral (
    select b.completeness
    from bus_day_completeness b
    where b.vehicle_id = v.vehicle_id and b.service_day = d.service_day
) as c on true
left join service_day_time w on w.vehicle_id = v.vehicle_id and w.service_day = d.service_day
-- What was driven is told of in any case.
where w.is_rest is not true or d.km > 0;

comment on view day_energy is
    'Energy by vehicle and service day (cut by the depot''s zone and cut-over hour), off the plug '
    'and on it, with the day''s completeness. split_ is of trips, as in session_energy. The exterior '
    'temperature is without hours in which the fleet contradicts it. The last readings of what began the day '
    'before are no row (is_rest of service_day_time), unless the vehicle drove';
