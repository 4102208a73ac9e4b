-- A bus whose heater failed looks best, and a cold bus seems to recover nothing: what the cabin was like and
-- what the wheels gave back are summed beside the energy, from pieces to vehicles.

do $$
declare
    summed text;
begin
    foreach summed in array array[
        'energy_piece', 'session', 'trip_band', 'day_band', 'month_band', 'vehicle_band'
    ] loop
        execute format(
            'alter table public.%I
                add column wheel_regen_kwh double precision,
                add column wheel_regen_base_km double precision,
                add column cabin_kelvin_seconds double precision not null default 0,
                add column cabin_seconds double precision not null default 0,
                add column setpoint_seconds double precision not null default 0,
                add column setpoint_near_seconds double precision not null default 0,
                add column cabin_cold_seconds double precision not null default 0,
                add column cabin_heating_seconds double precision not null default 0',
            summed
        );
    end loop;
end
$$;

-- Only readings tell, so that all hours are worked out again; until then there is nothing in the columns.
insert into refresh_queue (vehicle_id, hour)
select vehicle_id, hour from refreshed_hour
on conflict do nothing;

alter table energy_setting
    add column cold_cabin_share_max double precision not null default 0.5
        constraint cold_cabin_share_is_0_to_1 check (cold_cabin_share_max between 0 and 1),
    add column cold_cabin_celsius_max double precision not null default 12
        constraint cold_cabin_is_minus_20_to_30_celsius
        check (cold_cabin_celsius_max between -20 and 30);

comment on column energy_setting.cold_cabin_share_max is
    'A band was driven with a cold cabin if the cabin was colder than its set-point, by more than '
    'refresh.cabin_tolerance_kelvin of the worker, for more than this share of the time in which both are known, '
    '0 to 1.';
comment on column energy_setting.cold_cabin_celsius_max is
    'Where the set-point is known for less than half of the cabin''s time: a band was driven with a cold cabin '
    'if its mean temperature was below this, °C.';

grant update (cold_cabin_share_max, cold_cabin_celsius_max) on energy_setting to ayaz_operator;
