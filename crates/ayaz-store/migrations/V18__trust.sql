-- What completeness rests on beside what is there: the odometer for trips of a month, the time of a
-- service day that is accounted for, and indexes by service day. Hours are worked out again, since
-- their figures now lie on a grid on which sums are exact, whatever their order.

insert into refresh_queue (vehicle_id, hour)
select vehicle_id, hour from refreshed_hour
on conflict do nothing;

alter table month_band
    -- Of the trips that touch the band, as far as they have both.
    add column trip_km double precision not null default 0,
    add column trip_odometer_km double precision not null default 0;

alter table month_band
    alter column trip_km drop default,
    alter column trip_odometer_km drop default;

comment on column month_band.trip_km is
    'Integrated distance of the trips that touch the band and have an odometer, km.';
comment on column month_band.trip_odometer_km is
    'The same trips'' distance by the odometer, km: a quality figure, never a correction.';

-- All months of a vehicle together, so that a season of a large fleet is one row a band. Its sums are
-- exact, so they are the same however they are added up.
create table vehicle_band (like month_band);
alter table vehicle_band
    drop column month,
    drop column band,
    add unique nulls not distinct (vehicle_id, band_celsius);

comment on table vehicle_band is
    'Trips by vehicle and temperature band: the sums of month_band over all months.';

insert into vehicle_band (
        vehicle_id, band_celsius, trips, intervals, seconds, doubted_seconds, distance_seconds,
    km, energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km, paired_net_kwh,
    standing_seconds, standing_net_kwh, heater_kwh, heater_base_kwh, heat_pump_kwh,
    heat_pump_base_kwh, battery_heater_kwh, battery_heater_base_kwh, air_conditioning_kwh,
    air_conditioning_base_kwh, auxiliary_kwh, auxiliary_base_kwh, traction_kwh,
    traction_base_kwh, charger_kwh, unexplained_kwh, unexplained_base_kwh, fuel_litres,
    exterior_kelvin_seconds, exterior_seconds, trip_duration_seconds, trip_seconds, trip_km,
    trip_odometer_km
)
select
        vehicle_id, band_celsius, sum(trips), sum(intervals), sum(seconds),
    sum(doubted_seconds), sum(distance_seconds), sum(km), sum(energy_seconds), sum(net_kwh),
    sum(discharge_kwh), sum(regen_kwh), sum(paired_km), sum(paired_net_kwh),
    sum(standing_seconds), sum(standing_net_kwh), sum(heater_kwh), sum(heater_base_kwh),
    sum(heat_pump_kwh), sum(heat_pump_base_kwh), sum(battery_heater_kwh),
    sum(battery_heater_base_kwh), sum(air_conditioning_kwh), sum(air_conditioning_base_kwh),
    sum(auxiliary_kwh), sum(auxiliary_base_kwh), sum(traction_kwh), sum(traction_base_kwh),
    sum(charger_kwh), sum(unexplained_kwh), sum(unexplained_base_kwh), sum(fuel_litres),
    sum(exterior_kelvin_seconds), sum(exterior_seconds), sum(trip_duration_seconds),
    sum(trip_seconds), sum(trip_km), sum(trip_odometer_km)
from month_band
group by vehicle_id, band_celsius;

grant select, insert, delete on vehicle_band to ayaz_analytics;
grant select on vehicle_band to ayaz_reader;

create index on energy_piece (service_day, vehicle_id);
create index on hour_sequence (service_day, vehicle_id);
create index on session (service_day, vehicle_id);

-- How much of each service day is accounted for. From the sessions around it, so it is worked out with
-- them.
create table service_day_time (
    vehicle_id integer not null,
    service_day date not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    -- Measured: trips, charging and conditioning, s.
    active_seconds double precision not null,
    -- Parked, and silent between two sessions with the odometer where it was, s.
    still_seconds double precision not null,
    primary key (vehicle_id, service_day)
);

comment on table service_day_time is
    'The bounds of each vehicle''s service day, and how much of it is accounted for: measured, or '
    'known to have been spent standing. The rest nobody heard of.';

create index on service_day_time (service_day);

grant select, insert, update, delete on service_day_time to ayaz_analytics;
grant select on service_day_time to ayaz_reader;

-- === What figures are worked out with ===

create table energy_setting (
    one_row boolean primary key default true check (one_row),
    fuel_kwh_per_litre double precision not null
        constraint fuel_heating_value_is_1_to_15_kwh_per_litre
        check (fuel_kwh_per_litre between 1 and 15)
);

comment on table energy_setting is
    'What energy figures are worked out with: one row, to be updated. fuel_kwh_per_litre is the heating '
    'value of what fuel heaters burn.';

-- Diesel; domain literature gives 9.8 to 10.
insert into energy_setting (fuel_kwh_per_litre) values (9.9);
analyze energy_setting;

grant select on energy_setting to ayaz_operator, ayaz_reader, ayaz_analytics;
grant update (fuel_kwh_per_litre) on energy_setting to ayaz_operator;

create function fuel_heat_kwh(litres double precision) returns double precision
language sql stable parallel safe
as $$
    select litres * (select fuel_kwh_per_litre from energy_setting)
$$;

comment on function fuel_heat_kwh is
    'Heat in so much fuel by its heating value, kWh: beside the electric energy, never part of it.';

-- Where a traction meter is, it parts the battery's energy of its own intervals; elsewhere what a bus
-- takes while it stands is taken for all that does not drive it, if it stood for five minutes.
create function split_source(
    traction_kwh double precision, standing_seconds double precision,
    energy_seconds double precision
) returns text
language sql immutable parallel safe
return case
    when energy_seconds > 0 and traction_kwh is not null then 'metered'
    when energy_seconds > 0 and standing_seconds >= 300 then 'estimated'
end;

create function split_other_kwh(
    traction_kwh double precision, traction_base_kwh double precision,
    standing_net_kwh double precision, standing_seconds double precision,
    energy_seconds double precision
) returns double precision
language sql immutable parallel safe
return case split_source(traction_kwh, standing_seconds, energy_seconds)
    when 'metered' then traction_base_kwh - traction_kwh
    when 'estimated' then standing_net_kwh / standing_seconds * energy_seconds
end;

create function split_traction_kwh(
    traction_kwh double precision, net_kwh double precision, standing_net_kwh double precision,
    standing_seconds double precision, energy_seconds double precision
) returns double precision
language sql immutable parallel safe
return case split_source(traction_kwh, standing_seconds, energy_seconds)
    when 'metered' then traction_kwh
    when 'estimated' then net_kwh - standing_net_kwh / standing_seconds * energy_seconds
end;

comment on function split_source is
    'Whether the energy of driving can be told from the rest: metered, estimated (standing against '
    'moving power), or null. Of trips only.';
comment on function split_other_kwh is
    'Energy of trips that did not drive the bus, kWh. Where traction was metered for a part of them, of '
    'that part.';
comment on function split_traction_kwh is
    'Energy of trips that drove the bus, kWh. Where it was metered for a part of them, of that part.';

-- How far a figure can be trusted, each 0 to 1 and null where nothing can be said; completeness is the
-- least of them.
create function covered_share(seconds double precision, duration_seconds double precision)
returns double precision
language sql immutable parallel safe
return case when duration_seconds > 0 then greatest(least(seconds / duration_seconds, 1), 0) end;

create function trusted_share(seconds double precision, doubted_seconds double precision)
returns double precision
language sql immutable parallel safe
return case
    when seconds + doubted_seconds > 0 then seconds / (seconds + doubted_seconds)
end;

create function distance_share(km double precision, odometer_km double precision)
returns double precision
language sql immutable parallel safe
return case
    when odometer_km > 1
        then greatest(1 - greatest(abs(km - odometer_km) - 1, 0) / odometer_km, 0)
end;

comment on function covered_share is 'Time that was measured, of all the time it should have been.';
comment on function trusted_share is
    'Time without doubts, of the time heard. Where only a value is doubted the time counts on both '
    'sides; where all of a reading is, it is not among seconds.';
comment on function distance_share is
    'Integrated distance against the odometer''s, whichever is larger. Many count whole kilometres: of '
    'the difference 1 km is theirs, and below 1 km nothing can be said.';

create function vehicle_attribute_at(vehicle_id integer, attribute text, at timestamptz) returns text
language sql stable parallel safe
as $$
    select c.value
    from vehicle_context c
    where c.vehicle_id = $1 and c.attribute = $2 and c.valid_from <= $3 and c.valid_to > $3
$$;

comment on function vehicle_attribute_at is
    'One attribute of vehicle_context at an instant; null where none is known. For several at once, '
    'see vehicle_context_at.';
