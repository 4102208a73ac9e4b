-- Columns with the same name mostly mean the same, so each is described once. A column without a comment in
-- its view's file gets the text below, else the comment of the first table here that has a column of that
-- name.

do $$
declare
    nameless record;
begin
    for nameless in
        select c.relname, a.attname, coalesce(w.words, of_table.words) as words
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        left join (values
            ('model',
                'The vehicle''s model; null where not known.'),
            ('odometer_km',
                'Distance by the odometer, km: a quality figure. It never corrects km.'),
            ('reason',
                'future: later than the clock allowed; ancient: before the accepted window; '
                'many_days: the vehicle sent more distinct days in an hour than it may.'),
            ('valid_to',
                'First instant after; null means no end.'),
            ('depot',
                'Depot of the vehicle at the start; null where not known.'),
            ('cabin_setpoint_celsius',
                'Wanted cabin temperature in the vehicle''s context at the start, °C; null where '
                'not known.'),
            ('hour',
                'UTC hour.'),
            ('exterior_temperature_mean_celsius',
                'Mean of the measured exterior (air) temperature, °C, without hours in which '
                'the fleet contradicts it; null where there is none.'),
            ('is_open',
                'Whether it is the vehicle''s latest one and not over yet.'),
            ('duration_seconds',
                'Time from started_at to ended_at, s, measured or not.'),
            ('coverage',
                'Measured share of the time from the first to the last sample, 0 to 1; for a '
                'band, of the trips that touch it, since missing time has no temperature.'),
            ('completeness',
                'How far the figures can be trusted, 0 to 1: the least of coverage, '
                'unflagged_share and distance_share.'),
            ('net_kwh',
                'Energy out of the battery minus energy into it, kWh.'),
            ('regen_kwh',
                'Energy back into the battery, kWh, 0 or more: energy from braking, minus what '
                'heaters and other loads used directly.'),
            ('charged_kwh',
                'Energy into the battery minus energy out of it, while plugged in, kWh; null '
                'where not measured.'),
            ('fuel_heat_kwh',
                'Heat in that fuel by energy_setting.fuel_kwh_per_litre, kWh. It is not part of '
                'the electric energy.'),
            ('split_traction_kwh',
                'Energy of trips that drove the vehicle, kWh, metered or estimated '
                '(split_source).'),
            ('split_other_kwh',
                'Energy of trips that did not drive the vehicle, kWh, metered or estimated.'),
            ('split_source',
                'metered (by a traction meter), estimated (by the power while stationary), or null '
                'where neither is possible.'),
            ('unflagged_share',
                'Share of the measured time without flags, 0 to 1.'),
            ('cabin_temperature_mean_celsius',
                'Mean temperature of the cabin over cabin_seconds, °C; null where not measured.'),
            ('setpoint_near_share',
                'Share of setpoint_seconds in which the cabin was within 3 K '
                '(refresh.cabin_tolerance_kelvin of the worker) of its set-point, 0 to 1; null '
                'where there is none.'),
            ('is_cabin_cold',
                'Whether the cabin was cold, by the rule of is_cabin_cold(): a vehicle that does '
                'not heat needs less energy. Null where the cabin temperature was not measured.'),
            ('heat_kwh',
                'Electric energy of all heating, kWh: electric cabin heater, heat pump and '
                'battery heater; null where none is metered. Fuel is not included; see fuel_heat_kwh.'),
            ('cabin_heat_kwh',
                'Electric energy of cabin heating, kWh: electric heater and heat pump, without '
                'battery heater and fuel; null where neither is metered.'),
            ('kwh_per_km',
                'Consumption, kWh/km: paired_net_kwh divided by paired_km, without fuel.'),
            ('heater_share',
                'heater_kwh divided by heater_base_kwh: the electric cabin heater''s share of the '
                'net energy, 0 to 1, without heat pump, battery heater and fuel.'),
            ('distance_share',
                'How well the integrated distance agrees with the odometer, 0 to 1; null where it '
                'cannot be compared.'),
            ('tyres',
                'Tyres of the vehicle at the start; null where not known.'),
            ('firmware',
                'Firmware of the vehicle at the start; null where not known.'),
            ('planned_route',
                'Route in the vehicle''s context at the start; null where not known.'),
            ('wheel_regen_kwh_per_km',
                'Energy recovered at the wheels, kWh/km: wheel_regen_kwh divided by '
                'wheel_regen_base_km. It shows how the cold reduces regeneration itself.'),
            ('regen_kwh_per_km',
                'Recovered energy that reached the battery, kWh/km: regen_kwh divided by paired_km. '
                'In the cold, heaters use more of it directly, so it falls more than regeneration.'),
            ('heat_share',
                'Share of the net energy that all electric heating used, 0 to 1; null where none '
                'is metered, or not over the same time.'),
            ('heat_pump_share',
                'heat_pump_kwh divided by heat_pump_base_kwh, 0 to 1.'),
            ('battery_heater_share',
                'battery_heater_kwh divided by battery_heater_base_kwh, 0 to 1.'),
            ('trips',
                'Trips that touch the band. A trip counts once in each of its bands, so that '
                'bands do not add up to all trips.')
        ) as w (column_name, words) on w.column_name = a.attname
        left join lateral (
            select col_description(t.attrelid, t.attnum) as words
            from unnest('{vehicle, session, energy_bucket, trip_band, day_band, hour_sequence, reading, dead_letter, vehicle_context, reading_set_aside, depot}'::text[]) with ordinality as source (name, place)
            join pg_attribute t
                on t.attrelid = format('public.%I', source.name)::regclass and t.attname = a.attname
            order by source.place
            limit 1
        ) as of_table on true
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
            and pg_has_role(c.relowner, 'member')
            and col_description(c.oid, a.attnum) is null
            and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            and coalesce(w.words, of_table.words) is not null
    loop
        execute format(
            'comment on column public.%I.%I is %L', nameless.relname, nameless.attname, nameless.words
        );
    end loop;
end
$$;
