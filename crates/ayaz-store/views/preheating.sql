create or replace view preheating as
select
    v.fleet,
    v.vehicle,
    v.model,
    v.vehicle_id,
    d.service_day,
    d.started_at as departed_at,
    d.number,
    case
        when h.heating_seconds >= 60 * e.preheat_minutes_min then 'done'
        when d.exterior_celsius >= e.preheat_exterior_celsius_max then 'not needed'
        when d.cabin_start_celsius < e.preheat_cabin_celsius_min then 'missed'
        -- The cabin is warm, or its temperature is not known: only enough measured time shows that nobody
        -- heated it.
        when h.heard_seconds is null or h.heard_seconds < w.window_seconds / 2 then 'unknown'
        when d.cabin_start_celsius is not null then 'not needed'
        when d.exterior_celsius is not null then 'missed'
        else 'unknown'
    end as state,
    case
        when not h.heating_seconds > 0 then null
        when h.fuel_litres > 0 and not coalesce(h.cabin_heat_kwh, 0) > 0.1 then 'fuel'
        when h.plugged_heating_seconds >= h.heating_seconds / 2 then 'grid'
        when h.heating_seconds > 0 then 'battery'
    end as source,
    coalesce(h.heating_seconds, 0) / 60 as heating_minutes,
    coalesce(h.plugged_heating_seconds, 0) / 60 as plugged_heating_minutes,
    h.cabin_heat_kwh,
    h.battery_heater_kwh,
    h.fuel_litres,
    d.cabin_start_celsius as cabin_celsius,
    d.battery_start_celsius as battery_celsius,
    d.exterior_celsius,
    d.parked_seconds,
    coalesce(h.heard_seconds, 0) as heard_seconds
from energy_setting e
cross join vehicle v
cross join lateral (
    select
        s.service_day,
        s.started_at,
        s.number,
        s.cabin_start_celsius,
        s.battery_start_celsius,
        -- Mean of the whole trip, since the bus may have been parked in a hall.
        coalesce(
            s.exterior_kelvin_seconds / nullif(s.exterior_seconds, 0) - 273.15,
            s.exterior_start_celsius
        ) as exterior_celsius,
        before.ended_at as parked_from,
        extract(epoch from s.started_at - before.ended_at)::double precision as parked_seconds
    from session s
    left join lateral (
        select t.ended_at
        from session t
        where t.vehicle_id = s.vehicle_id and t.kind = 'trip' and t.started_at < s.started_at
            and greatest(t.km, t.odometer_end_km - t.odometer_start_km) >= e.pull_out_km_min
        order by t.started_at desc
        limit 1
    ) before on true
    where s.vehicle_id = v.vehicle_id
        and s.kind = 'trip'
        and greatest(s.km, s.odometer_end_km - s.odometer_start_km) >= e.pull_out_km_min
) d
cross join lateral (
    select least(
        3600 * e.preheat_window_hours, coalesce(d.parked_seconds, 3600 * e.preheat_window_hours)
    ) as window_seconds
) w
left join lateral (
    select
        sum(p.cabin_heating_seconds) as heating_seconds,
        sum(p.cabin_heating_seconds) filter (where p.plugged_in) as plugged_heating_seconds,
        sum(cabin_heat_kwh(p.heater_kwh, p.heat_pump_kwh)) as cabin_heat_kwh,
        sum(p.battery_heater_kwh) as battery_heater_kwh,
        sum(p.fuel_litres) as fuel_litres,
        sum(p.seconds) as heard_seconds
    from energy_bucket p
    where p.vehicle_id = v.vehicle_id
        and p.hour > d.started_at - make_interval(secs => w.window_seconds) - interval '1 hour'
        and p.hour <= d.started_at
        and p.ended_at > d.started_at - make_interval(secs => w.window_seconds)
        and p.started_at < d.started_at
        and (d.parked_from is null or p.started_at >= d.parked_from)
) h on true
where d.parked_seconds is null or d.parked_seconds >= 3600 * e.pull_out_parked_hours_min;

comment on view preheating is
    'Whether the cabin was heated before each pull-out. A pull-out is a trip of at least pull_out_km_min, '
    'after at least pull_out_parked_hours_min without such a trip. Heating counts in the UTC hours that the '
    'last preheat_window_hours touch, whether the bus was charging, plugged in or neither. done: the cabin '
    'was heated for at least preheat_minutes_min. not needed: it was not, and the air had at least '
    'preheat_exterior_celsius_max, or the cabin at least preheat_cabin_celsius_min at the pull-out. missed: '
    'it was not, and the cabin was colder; if the cabin temperature is not known, the bus must have sent '
    'readings for half of that time. unknown: the readings do not show it. energy_setting holds these '
    'limits.';

comment on column preheating.service_day is 'Service day of the pull-out.';
comment on column preheating.departed_at is 'When the bus pulled out: start of the trip.';
comment on column preheating.number is
    'Position of the trip among those that began at the same instant.';
comment on column preheating.state is
    'done, not needed, missed or unknown; see the comment of the view.';
comment on column preheating.source is
    'What heated the cabin: grid (plugged in for half of the heating time or more), battery or fuel; null '
    'where nothing did.';
comment on column preheating.heating_minutes is
    'How long the cabin was heated before the pull-out, minutes, in the hours that count.';
comment on column preheating.plugged_heating_minutes is
    'Part of heating_minutes while plugged in, minutes.';
comment on column preheating.cabin_heat_kwh is
    'Electric energy of this heating, kWh: electric heater and heat pump; null where neither is metered.';
comment on column preheating.battery_heater_kwh is
    'Energy into the battery heater in the same time, kWh; null where not metered.';
comment on column preheating.fuel_litres is
    'Fuel burnt for heat in the same time, l; null where not metered.';
comment on column preheating.cabin_celsius is
    'Cabin temperature at the pull-out, °C: first value of the trip; null where not measured.';
comment on column preheating.battery_celsius is
    'Mean pack temperature at the pull-out, °C: first value of the trip; null where not measured.';
comment on column preheating.exterior_celsius is
    'Mean exterior (air) temperature of the trip, °C, since the bus may have been parked in a hall; null '
    'where not measured.';
comment on column preheating.parked_seconds is
    'Time since the previous trip, s; null for the first known trip.';
comment on column preheating.heard_seconds is
    'Measured time in the hours that count, s: the data behind the state.';

grant select on preheating to ayaz_analytics, ayaz_reader;
