-- Trips by service day, so that a trip that goes on has one day of trips summed again and not its whole
-- month: months are sums of days, as seasons are sums of months.

-- Workers of before go on with what they have begun.
lock table session, trip_band, month_band, month_charge in exclusive mode;

create table day_band (like month_band);
alter table day_band rename column month to service_day;

comment on table day_band is
    'Trips by vehicle, service day on which they began, and temperature band; what month_band adds up. '
    'band is the position within the day.';
comment on column day_band.trip_km is
    'Integrated distance of the trips that touch the band and have an odometer, km.';
comment on column day_band.trip_odometer_km is
    'The same trips'' distance by the odometer, km: a quality figure, never a correction.';

create table day_charge (like month_charge);
alter table day_charge rename column month to service_day;

comment on table day_charge is
    'What a vehicle''s trips of a service day took whose state of charge and energy are known throughout; '
    'what month_charge adds up.';

grant select, insert, delete on day_band, day_charge to ayaz_analytics;
grant select on day_band, day_charge to ayaz_reader;

-- As the worker sums them. A trip may have several rows of one band, each of another route, and is counted
-- once in it; what is worked out here comes onto the worker's grids, of 2^-10 s, 2^-24 km and 2^-24 %.
-- Adding zero makes −0 a plain zero.
insert into day_band (
    vehicle_id, service_day, band, band_celsius, trips, intervals, seconds, doubted_seconds,
    distance_seconds, km, energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km,
    paired_net_kwh, standing_seconds, standing_net_kwh, heater_kwh, heater_base_kwh, heat_pump_kwh,
    heat_pump_base_kwh, battery_heater_kwh, battery_heater_base_kwh, air_conditioning_kwh,
    air_conditioning_base_kwh, auxiliary_kwh, auxiliary_base_kwh, traction_kwh, traction_base_kwh,
    charger_kwh, unexplained_kwh, unexplained_base_kwh, fuel_litres, exterior_kelvin_seconds,
    exterior_seconds, trip_duration_seconds, trip_seconds, trip_km, trip_odometer_km
)
select
    vehicle_id,
    service_day,
    row_number() over (
        partition by vehicle_id, service_day order by band_celsius nulls first
    ) - 1,
    band_celsius,
    count(*),
    sum(intervals),
    sum(seconds), sum(doubted_seconds), sum(distance_seconds), sum(km), sum(energy_seconds),
    sum(net_kwh), sum(discharge_kwh), sum(regen_kwh), sum(paired_km), sum(paired_net_kwh),
    sum(standing_seconds), sum(standing_net_kwh), sum(heater_kwh), sum(heater_base_kwh),
    sum(heat_pump_kwh), sum(heat_pump_base_kwh), sum(battery_heater_kwh),
    sum(battery_heater_base_kwh), sum(air_conditioning_kwh), sum(air_conditioning_base_kwh),
    sum(auxiliary_kwh), sum(auxiliary_base_kwh), sum(traction_kwh), sum(traction_base_kwh),
    sum(charger_kwh), sum(unexplained_kwh), sum(unexplained_base_kwh), sum(fuel_litres),
    sum(exterior_kelvin_seconds), sum(exterior_seconds),
    sum(round(trip_duration_seconds * 1024) / 1024),
    sum(trip_seconds),
    coalesce(sum(trip_km) filter (where trip_odometer_km is not null), 0),
    coalesce(
        sum(round(trip_odometer_km * 16777216) / 16777216) filter (where trip_km is not null), 0
    ) + 0
from (
    select
        vehicle_id,
        s.service_day,
        b.band_celsius,
        extract(epoch from s.ended_at - s.started_at)::double precision as trip_duration_seconds,
        s.seconds as trip_seconds,
        case when s.distance_seconds > 0 then s.km end as trip_km,
        s.odometer_end_km - s.odometer_start_km as trip_odometer_km,
        sum(b.intervals) as intervals,
        sum(b.seconds) as seconds,
        sum(b.doubted_seconds) as doubted_seconds,
        sum(b.distance_seconds) as distance_seconds,
        sum(b.km) as km,
        sum(b.energy_seconds) as energy_seconds,
        sum(b.net_kwh) as net_kwh,
        sum(b.discharge_kwh) as discharge_kwh,
        sum(b.regen_kwh) as regen_kwh,
        sum(b.paired_km) as paired_km,
        sum(b.paired_net_kwh) as paired_net_kwh,
        sum(b.standing_seconds) as standing_seconds,
        sum(b.standing_net_kwh) as standing_net_kwh,
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
        sum(b.exterior_kelvin_seconds) as exterior_kelvin_seconds,
        sum(b.exterior_seconds) as exterior_seconds
    from session s
    join trip_band b using (vehicle_id, started_at, number)
    where s.kind = 'trip' and b.intervals > 0
    group by vehicle_id, started_at, number, b.band_celsius, s.service_day, s.ended_at, s.seconds,
        s.distance_seconds, s.km, s.odometer_start_km, s.odometer_end_km
) as trip
group by vehicle_id, service_day, band_celsius;

insert into day_charge (vehicle_id, service_day, soc_drop_percent, net_kwh)
select
    vehicle_id,
    service_day,
    sum(round((soc_start_percent - soc_end_percent) * 16777216) / 16777216) + 0,
    sum(net_kwh)
from session s
where kind = 'trip'
    and plugged_in_share = 0
    and soc_start_percent is not null
    and soc_end_percent is not null
    and seconds > 0
    and seconds >= 0.95::double precision
        * extract(epoch from ended_at - started_at)::double precision
    and energy_seconds >= 0.95::double precision * seconds
    and exists (
        select from trip_band b
        where (b.vehicle_id, b.started_at, b.number) = (s.vehicle_id, s.started_at, s.number)
    )
group by vehicle_id, service_day;

-- The drop of the charge was on no grid; all else is the same sum.
delete from month_charge;

insert into month_charge (vehicle_id, month, soc_drop_percent, net_kwh)
select
    vehicle_id,
    date_trunc('month', service_day::timestamp)::date as month,
    sum(soc_drop_percent),
    sum(net_kwh)
from day_charge
group by vehicle_id, month;

alter table day_band add primary key (vehicle_id, service_day, band);
alter table day_charge add primary key (vehicle_id, service_day);
analyze day_band, day_charge;

comment on table month_band is
    'Trips by vehicle, month and temperature band: the sums of day_band over the service days of the month. '
    'band is the position within the month.';
comment on table month_charge is
    'What a vehicle''s trips of a month took whose state of charge and energy are known throughout: the '
    'sums of day_charge.';
