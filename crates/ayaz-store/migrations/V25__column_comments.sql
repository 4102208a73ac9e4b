-- Every column that people can read says what it is: its unit, its sign, and what it rests on. Columns of
-- one name mostly are one thing, so that each is described once, for all relations that have it; where it
-- is another thing, its own words come first.

comment on column reading.charge_state is
    'What the charging port does: 1 unplugged, 2 plugged, 3 charging, 4 complete, 5 fault.';

create temporary table column_words (
    relation text not null,
    column_name text not null,
    words text not null,
    primary key (relation, column_name)
);

-- === Where a name means something of its own ===

insert into column_words (relation, column_name, words) values
    -- What vehicles are.
    ('vehicle_model', 'model', 'Name of the model, as the operator writes it.'),
    ('vehicle_model', 'length_m', 'Length of the vehicle, m; null where not known.'),
    ('vehicle_model', 'usable_energy_kwh',
        'Energy between full and empty of a new battery, kWh, as the operator says; null where not known.'),
    ('vehicle', 'first_seen_at', 'When the database first heard of the vehicle.'),
    ('vehicle_status', 'online', 'Whether the vehicle is connected, as its status and its last will say.'),
    ('vehicle_status', 'boot_id', 'Boot of the device that said so.'),
    ('vehicle_status', 'changed_at', 'When the status came in, by the daemon''s clock.'),
    ('depot', 'depot', 'Name of the depot.'),
    ('energy_setting', 'one_row', 'Always true: the table has one row.'),
    ('energy_setting', 'fuel_kwh_per_litre',
        'Heating value of what fuel heaters burn, kWh per litre: what fuel_heat_kwh rests on.'),
    ('service_day_default', 'one_row', 'Always true: the table has one row.'),
    ('vehicle_context', 'attribute',
        'What is said: depot, tyres, firmware, cabin_setpoint_celsius, route or usable_energy_kwh.'),
    ('vehicle_context', 'value', 'What holds, as text; numbers in the unit of the attribute''s name.'),
    ('vehicle_period', 'attribute',
        'What is said: depot, tyres, firmware, cabin_setpoint_celsius, route or usable_energy_kwh.'),
    ('vehicle_period', 'value', 'What holds, as text; numbers in the unit of the attribute''s name.'),
    ('vehicle_period', 'valid_from', 'First instant at which it holds; null is since ever.'),
    ('vehicle_period', 'valid_to', 'First instant after; null is until further notice.'),
    ('service_day_period', 'depot', 'The depot whose rule holds; null where service_day_default does.'),
    ('service_day_period', 'valid_from', 'First instant at which the rule holds; null is since ever.'),
    ('service_day_period', 'valid_to', 'First instant after; null is until further notice.'),
    ('vehicle_usable_energy', 'usable_energy_kwh',
        'Energy between full and empty, kWh: the vehicle''s own as of today, else its model''s, else estimated '
        'from trips of at least 40 points of the state of charge; null where none is known.'),
    ('vehicle_usable_energy', 'usable_energy_source',
        'Where it is from: vehicle, model or soc (estimated from the state of charge); null where unknown.'),

    -- What came in.
    ('reading', 'recorded_at', 'When it was measured, by the vehicle''s clock.'),
    ('reading', 'invalid_signals',
        'Signals that came with a value that cannot be true and are null here, a bit each by the position of '
        'the signal''s column; null where there are none.'),
    ('cell_reading', 'voltages_volts', 'Voltage of each cell in the pack''s order, V; null where not read.'),
    ('cell_reading', 'temperatures_celsius',
        'Temperature of each sensor in the pack''s order, °C; null where not read.'),
    ('dead_letter', 'digest', 'SHA-256 of topic and payload: the letter''s identity.'),
    ('dead_letter', 'payload', 'The message''s bytes; only their start where payload_bytes is more.'),
    ('dead_letter', 'source', 'FLEET/VEHICLE by the topic; empty where the topic names no vehicle.'),
    ('dead_letter', 'replayed_deliveries', 'Deliveries that were known when it was last published again.'),
    ('dead_letter_overview', 'digest', 'SHA-256 of topic and payload: the letter''s identity.'),
    ('dead_letter_overview', 'fleet', 'Fleet by the topic; null where the topic names no vehicle.'),
    ('dead_letter_overview', 'vehicle', 'Vehicle by the topic; null where the topic names none.'),
    ('dead_letter_overview', 'payload_bytes', 'Length of the payload as it arrived, bytes.'),
    ('dead_letter_overview', 'kept_bytes',
        'Bytes of it that are kept; less than payload_bytes where only its start is.'),
    ('dead_letter_overview', 'came_back',
        'Whether it was refused again after its last replay; null where it was never replayed.'),
    ('dead_letter_quota', 'hour', 'UTC hour of the daemon''s clock.'),
    ('dead_letter_quota', 'letters', 'New letters of that source and hour, without those known already.'),
    ('dead_letter_suppressed', 'hour', 'UTC hour of the daemon''s clock.'),
    ('dead_letter_suppressed', 'messages', 'Messages that were acknowledged, counted and not kept.'),

    -- What the worker has to do, and how far it is.
    ('touched_hours', 'touch_id', 'Number of the ingest transaction''s note.'),
    ('touched_hours', 'vehicle_ids', 'Vehicles with new readings, pairwise with changed_from.'),
    ('touched_hours', 'touched_at', 'When the transaction began.'),
    ('refresh_queue', 'hour', 'UTC hour that is to be worked out.'),
    ('refresh_queue', 'queued_at', 'When the first of its new readings was stored.'),
    ('refreshed_hour', 'readings', 'Good readings in the hour.'),
    ('refreshed_hour', 'readings_before',
        'Good readings within reach before the hour, by which its first ones are judged.'),
    ('refreshed_hour', 'open_trip_started_at',
        'First moving reading of the trip without a number that might have gone on after the hour; null '
        'where there was none.'),
    ('refreshed_hour', 'open_trip_moved_at', 'Its last moving reading.'),
    ('refreshed_hour', 'open_trip_continued', 'Whether that trip did go on after the hour.'),
    ('refreshed_hour', 'refreshed_at', 'When the hour was last worked out.'),
    ('refreshed_hour', 'doubted_before',
        'Which of readings_before were left out for their time: the sum of a hash of each, 0 where none were.'),
    ('refreshed_hour', 'doubted_after', 'The same of readings_after.'),
    ('touched_context', 'touch_id', 'Number of the note.'),
    ('touched_context', 'vehicle_id', 'Vehicle whose service days have changed; null where a depot''s have.'),
    ('touched_context', 'valid_from', 'From when on they have.'),
    ('touched_context', 'valid_to', 'Until when.'),
    ('touched_context', 'depot',
        'Depot whose service days have changed; null for those of vehicles without a depot.'),
    ('touched_context', 'touched_at', 'When the context was changed.'),
    ('fleet_hour_queue', 'queued_at', 'Since when the fleet''s hour waits to be judged.'),
    ('ayaz_schema_version', 'version', 'Number of the migration.'),
    ('ayaz_schema_version', 'name', 'Its name.'),
    ('ayaz_schema_version', 'applied_on', 'When it was applied, RFC 3339.'),
    ('ayaz_schema_version', 'checksum', 'Of its text, so that a changed one is found.'),

    -- What is doubted.
    ('hour_sequence', 'readings', 'Good readings of the boot in the hour and service day.'),
    ('hour_sequence', 'readings_doubted', 'Those of them with at least one doubted value.'),
    ('hour_sequence', 'sequence_min', 'Lowest number that the boot gave in the hour.'),
    ('hour_sequence', 'sequence_max', 'Highest number; more numbers than readings says that some are missing.'),
    ('doubted_stretch', 'stretch', 'Position within the hour.'),
    ('doubted_stretch', 'readings', 'Readings that are doubted.'),
    ('doubted_stretch', 'signals',
        'The doubted signals, by their columns in reading; empty where all of the reading is doubted.'),
    ('doubted_stretch', 'sequence_max', 'Highest number of its readings.'),
    ('doubted_reading', 'checks',
        'The checks that fired, as in doubted_stretch, or exterior_against_fleet: the fleet''s other buses '
        'contradict the exterior temperature.'),
    ('doubted_reading', 'doubted_signals',
        'The doubted signals, by their columns here; empty where all of the reading is doubted.'),
    ('doubted_reading', 'whole_row',
        'Whether all of the reading is doubted, and not only some signals.'),
    ('clock_run', 'run', 'Position within the hour.'),
    ('clock_run', 'readings', 'Readings of the run.'),
    ('clock_run', 'sequence_first', 'Number of its first reading.'),
    ('clock_run', 'sequence_last', 'Number of its last reading.'),
    ('clock_run', 'doubted_from',
        'Readings of the run from this instant on were recorded with a wrong time and are left out; null '
        'where none are.'),
    ('hour_exterior', 'kelvin_seconds', 'Time integral of the exterior temperature on trips, K s.'),
    ('hour_exterior', 'seconds', 'The time on trips that it covers, s, more than none.'),
    ('fleet_hour', 'vehicles', 'Vehicles that were on trips for long enough to be asked.'),
    ('fleet_hour', 'exterior_median_celsius', 'Median of their mean exterior (air) temperatures, °C.'),
    ('exterior_doubt', 'exterior_mean_celsius', 'The vehicle''s own mean exterior temperature on trips, °C.'),
    ('exterior_doubt', 'exterior_median_celsius', 'The median of its fleet in that hour, °C.'),
    ('exterior_doubt', 'deviation_kelvin', 'The mean less the median, K: positive reads too warm.'),
    ('exterior_against_fleet', 'exterior_temperature_mean_celsius',
        'The vehicle''s mean exterior (air) temperature on trips of the hour, °C.'),
    ('exterior_against_fleet', 'median_celsius',
        'Median of its fleet in that hour, °C; null while the hour runs.'),
    ('exterior_against_fleet', 'vehicles', 'Vehicles that the median rests on.'),
    ('exterior_against_fleet', 'deviation_kelvin', 'The mean less the median, K: positive reads too warm.'),
    ('exterior_against_fleet', 'is_doubted',
        'Whether the worker doubts it: then it enters no band and no mean.'),

    -- Figures of an hour: driving and charging side by side.
    ('hour_energy', 'seconds', 'Time of the hour that was measured, s, whatever the vehicle did.'),
    ('hour_energy', 'coverage', 'Share of the hour that was measured, 0 to 1.'),
    ('hour_energy', 'plugged_seconds', 'Part of seconds on the plug, s; null where it was on none.'),
    ('hour_energy', 'net_kwh',
        'Energy out of the battery less energy into it, off the plug, kWh; null where not measured.'),
    ('hour_energy', 'discharge_kwh', 'Energy out of the battery, off the plug, kWh, 0 or more.'),
    ('hour_energy', 'regen_kwh',
        'Energy that came back into the battery, off the plug, kWh, 0 or more: what braking recovered, less '
        'what heaters and other loads took of it at once.'),
    ('hour_energy', 'odometer_km', 'Distance by the odometer within the hour, km; null where it was not read.'),
    ('hour_energy', 'completeness',
        'How far the hour''s figures can be trusted, 0 to 1: the least of coverage, trusted_share and '
        'integrated distance against odometer_km. Of the hour that runs, time to come is missing.'),

    -- Figures of a service day.
    ('day_energy', 'seconds', 'Time of the day that was measured, s, whatever the vehicle did.'),
    ('day_energy', 'trip_seconds', 'Part of seconds on trips, s; null is none.'),
    ('day_energy', 'charging_seconds', 'Part of seconds at charging, s; null is none.'),
    ('day_energy', 'conditioning_seconds',
        'Part of seconds at conditioning (heating or cooling while parked, the battery gaining nothing), s.'),
    ('day_energy', 'parking_seconds', 'Part of seconds parked, s; null is none.'),
    ('day_energy', 'net_kwh',
        'Energy out of the battery less energy into it, off the plug, kWh; null where not measured.'),
    ('day_energy', 'discharge_kwh', 'Energy out of the battery, off the plug, kWh, 0 or more.'),
    ('day_energy', 'regen_kwh',
        'Energy that came back into the battery, off the plug, kWh, 0 or more: what braking recovered, less '
        'what heaters and other loads took of it at once.'),
    ('day_energy', 'traction_kwh',
        'Energy into the traction inverters less what they gave back, off the plug, kWh; null where not metered.'),
    ('day_energy', 'heater_kwh', 'Electric (resistive) cabin heater, off the plug, kWh; null where not metered.'),
    ('day_energy', 'plugged_heater_kwh', 'Electric (resistive) cabin heater, on the plug, kWh.'),
    ('day_energy', 'heat_pump_kwh',
        'Electric energy into the heat pump while it heats, off the plug, kWh; null where not metered.'),
    ('day_energy', 'plugged_heat_pump_kwh',
        'Electric energy into the heat pump while it heats, on the plug, kWh.'),
    ('day_energy', 'battery_heater_kwh', 'Battery heater, off the plug, kWh; null where not metered.'),
    ('day_energy', 'plugged_battery_heater_kwh', 'Battery heater, on the plug, kWh.'),
    ('day_energy', 'air_conditioning_kwh',
        'Air conditioning while it cools, off the plug, kWh; null where not metered.'),
    ('day_energy', 'plugged_air_conditioning_kwh', 'Air conditioning while it cools, on the plug, kWh.'),
    ('day_energy', 'auxiliary_kwh',
        'What neither drives nor heats nor cools, off the plug, kWh; null where not metered.'),
    ('day_energy', 'plugged_auxiliary_kwh', 'What neither drives nor heats nor cools, on the plug, kWh.'),
    ('day_energy', 'completeness',
        'How far the day can be trusted, 0 to 1: that of bus_day_completeness.'),
    ('bus_day_completeness', 'readings', 'Good readings of the day.'),
    ('bus_day_completeness', 'readings_missing',
        'Numbers between each boot''s first and last one of the day that no good reading has: not sent, lost '
        'before the broker, or of a time that is not believed.'),
    ('bus_day_completeness', 'readings_doubted', 'Readings with at least one doubted value.'),
    ('bus_day_completeness', 'readings_out_of_order',
        'Readings that come before, by their time, what they come after by their number.'),
    ('bus_day_completeness', 'trips', 'Trips that began on the day.'),
    ('bus_day_completeness', 'km', 'Distance of the day, speed integrated over time, km.'),
    ('bus_day_completeness', 'odometer_km',
        'Distance by the odometer, from where it stood up to seven days before, km.'),
    ('bus_day_completeness', 'sequence_share',
        'Readings that are there, of those that the device numbered, 0 to 1.'),
    ('bus_day_completeness', 'trip_coverage', 'Measured share of the time of the trips that began on the day, 0 to 1.'),
    ('bus_day_completeness', 'trusted_share',
        'Share of the readings that no check doubts and that are in order, 0 to 1.'),
    ('bus_day_completeness', 'completeness',
        'How far the day can be trusted, 0 to 1: the least of all shares beside it.'),
    ('bus_day_completeness', 'time_share',
        'Share of the day that is accounted for, 0 to 1: active_seconds and still_seconds of its time so far.'),
    ('service_day_time', 'started_at', 'When the service day begins: the cut-over hour on the depot''s clock.'),
    ('service_day_time', 'ended_at', 'When the next one begins.'),

    -- Figures of a trip and of a stay.
    ('session', 'started_at', 'First sample.'),
    ('session', 'kind', 'What the vehicle did: trip, charging, conditioning or parking.'),
    ('session', 'net_kwh',
        'Energy out of the battery less energy into it, kWh: negative where it was charged.'),
    ('session', 'regen_kwh',
        'Energy into the battery, kWh, 0 or more: on trips what braking recovered less what heaters and other '
        'loads took of it at once, on the plug the charge.'),
    ('energy_piece', 'regen_kwh',
        'Energy into the battery, kWh, 0 or more: off the plug what braking recovered less what heaters and '
        'other loads took of it at once, on the plug the charge.'),
    ('session_energy', 'regen_kwh',
        'Energy into the battery, kWh, 0 or more: on trips what braking recovered less what heaters and other '
        'loads took of it at once, on the plug the charge.'),
    ('session_energy', 'kind', 'What the vehicle did: trip, charging, conditioning or parking.'),
    ('session_energy', 'charged_kwh', 'Energy into the battery on the plug, kWh; null but for charging.'),
    ('session_energy', 'net_kwh',
        'Energy out of the battery less energy into it, kWh: negative where it was charged.'),
    ('cold_soak', 'exterior_temperature_mean_celsius', 'Mean of the air outside while it stood, °C.'),
    ('cold_soak', 'battery_cooling_kelvin_per_hour', 'How fast the pack cooled, K/h: negative where it warmed.'),
    ('cold_soak', 'battery_time_constant_hours',
        'Time in which the pack''s difference to the air falls to 1/e, h; null where the difference is too '
        'small to tell.'),
    ('trip_band', 'started_at', 'When the trip began: with number, the key of its session.'),
    ('trip_band', 'band', 'Position within the trip.'),
    ('trip_band_energy', 'started_at', 'When the trip began, also before this band.'),
    ('trip_band_energy', 'coverage', 'Measured share of the whole trip''s time, 0 to 1.'),
    ('day_band', 'band', 'Position within the day.'),
    ('day_band', 'trips',
        'Trips that touch the band. A trip counts once in each of its bands, so that bands do not add up to '
        'the day''s trips.'),
    ('month_band', 'band', 'Position within the month.'),
    ('energy_piece', 'piece', 'Position within the hour.'),
    ('energy_piece', 'hour', 'UTC hour in which its intervals began.'),
    ('energy_piece', 'started_at', 'First sample in the hour.'),
    ('energy_piece', 'ended_at', 'Last sample in the hour.'),
    ('trip_piece', 'piece', 'Position within the hour.'),
    ('trip_piece', 'started_at', 'First sample in the hour.'),
    ('trip_piece', 'ended_at', 'Last sample in the hour.'),

    -- Range.
    ('winter_range', 'range_km',
        'Range from full to empty, km: usable_energy_kwh over kwh_per_km; null where one is missing. Never '
        'extrapolated.'),
    ('winter_range', 'range_loss_share',
        'Share of range that is lost against the vehicle''s own trips at +10 to +20 °C outside, 0 to 1; '
        'negative is a gain, null where it drove too little there.'),
    ('winter_range', 'usable_energy_kwh',
        'Energy between full and empty, kWh: the mean by distance of what held in each month.'),
    ('winter_range', 'usable_energy_source',
        'Where it is from: vehicle, model or soc (estimated from the state of charge).'),
    ('winter_range', 'fuel_litres_per_km', 'Fuel burnt for heat, l/km: in no figure of electric energy.'),

    -- The newest state.
    ('vehicle_now', 'online', 'Whether it is connected; null for a vehicle that never sent a status.'),
    ('vehicle_now', 'online_changed_at', 'When that came in, by the daemon''s clock.'),
    ('vehicle_now', 'recorded_at', 'Time of its newest good reading that was not sent late on purpose.'),
    ('vehicle_now', 'received_at', 'When that reading came in, by the daemon''s clock.'),
    ('vehicle_now', 'age_seconds', 'How old that reading is, s.'),
    ('vehicle_now', 'charge_state',
        'What the charging port does: unplugged, plugged, charging, complete or fault; null where the minute '
        'up to recorded_at has none.'),
    ('vehicle_now', 'plugged_in',
        'Whether it is on a plug, by charge_state; null where that is not known.'),
    ('vehicle_now', 'samples', 'Readings of the minute up to recorded_at that the values rest on.');

-- === What is the same wherever it stands ===

-- Words for all relations that have a column of that name, if they have none of their own.
insert into column_words (relation, column_name, words)
select c.relname, w.column_name, w.words
from (values
    ('fleet', 'The fleet''s name.'),
    ('vehicle', 'The vehicle''s name within its fleet.'),
    ('model', 'The vehicle''s model; null where not known.'),
    ('vehicle_id', 'The vehicle''s number in this database.'),
    ('boot_id', 'Boot of the device: a new number each time it starts.'),
    ('sequence', 'Number that the device gave the reading within its boot.'),
    ('recorded_at', 'When it was measured, by the vehicle''s clock.'),
    ('received_at', 'When it came in, by the daemon''s clock.'),
    ('time_quality', '0 is a time that is believed, 1 later than the daemon''s clock allows, 2 before the '
        'accepted window. Only 0 enters figures.'),
    ('historical', 'Whether it was sent late on purpose: it changes no last known state.'),
    ('invalid_signals', 'Signals that came with a value that cannot be true and are null here, a bit each by '
        'the position of the signal''s column; null where there are none.'),
    ('topic', 'Topic of the message.'),
    ('source', 'FLEET/VEHICLE by the topic; empty where the topic names no vehicle.'),
    ('reason', 'Why it was refused, as a short name.'),
    ('detail', 'Why it was refused, in words.'),
    ('daemon_version', 'Version of the daemon that refused it.'),
    ('first_received_at', 'When it first came in, by the daemon''s clock.'),
    ('last_received_at', 'When it last came in, by the daemon''s clock.'),
    ('deliveries', 'How often it came in.'),
    ('replayed_at', 'When it was last published again, by the database''s clock; null is never.'),
    ('zone', 'Time zone by whose clock the service day begins.'),
    ('cut_over_hour', 'Hour of that clock at which the service day begins, 0 to 23.'),
    ('hour', 'UTC hour.'),
    ('month', 'First day of the month. Trips count to the month of the service day on which they began.'),
    ('service_day', 'Service day, cut by the depot''s clock and its cut-over hour. Trips and stays count to '
        'the day on which they began.'),
    ('checks', 'The checks that fired.'),
    ('whole_row', 'Whether all of the reading is doubted, and not only some signals.'),
    ('activity', 'What the vehicle did: trip, charging, conditioning or parking.'),
    ('stretch_started_at', 'When this stretch of the activity began within the hour; null for trips.'),
    ('drive_cycle', 'Number of the drive cycle; null where the source gives none, or the key is off.'),
    ('trip_started_at', 'When the trip began, for sources that do not number drive cycles; else null.'),
    ('plugged_in', 'Whether the vehicle was on a plug.'),
    ('charging_station', 'Charging station, as the operator names it; null if none, or several.'),
    ('route', 'Route that was served, as sent; null if none, or several.'),
    ('planned_route', 'Route of the vehicle by its context when it began; null where not known.'),
    ('depot', 'Depot of the vehicle when it began; null where not known.'),
    ('tyres', 'Tyres of the vehicle when it began; null where not known.'),
    ('firmware', 'Firmware of the vehicle when it began; null where not known.'),
    ('cabin_setpoint_celsius', 'Wanted cabin temperature by the vehicle''s context when it began, °C; null '
        'where not known.'),
    ('started_at', 'First sample.'),
    ('ended_at', 'Last sample, or the start of what follows without a pause.'),
    ('number', 'Position among those of the vehicle that began at the same instant.'),
    ('block_started_at', 'When the trip, or the time between two trips, began that it belongs to.'),
    ('is_open', 'Whether it is the vehicle''s last one and still goes on.'),
    ('plugged_in_share', 'Share of the time on the plug, 0 to 1; of a trip, how much it was charged on the '
        'way.'),
    ('conditioning_source', 'Where conditioning took its energy from: grid (on the plug for half the time or '
        'more) or battery; null for other kinds.'),
    ('duration_seconds', 'Time from started_at to ended_at, s, measured or not.'),
    ('band_celsius', 'Lower edge of the band of the exterior (air) temperature, °C: 5 °C wide, 2 °C below '
        '−20. Not the pack''s temperature. Null is unknown.'),
    ('trips', 'Trips that touch the band. A trip counts once in each of its bands, so that bands do not add '
        'up to all trips.'),
    ('trip_duration_seconds', 'Time from the first to the last sample of the trips that touch the band, s.'),
    ('trip_seconds', 'The part of it that was measured, s.'),
    ('trip_km', 'Integrated distance of the trips that touch the band and have an odometer, km.'),
    ('trip_odometer_km', 'The same trips'' distance by the odometer, km: a quality figure.'),
    ('intervals', 'Intervals that the sums rest on: two neighbouring samples of one boot and drive cycle, at '
        'most 60 s apart.'),
    ('seconds', 'Time that was measured, s: the length of the intervals, without those that are doubted as a '
        'whole.'),
    ('doubted_seconds', 'Time in which at least one value was doubted, s. Where all of a reading is doubted, '
        'that time is not among seconds.'),
    ('distance_seconds', 'Part of seconds with a speed at both ends, s: what km rests on.'),
    ('km', 'Distance, km: speed integrated over distance_seconds.'),
    ('energy_seconds', 'Part of seconds with the battery''s power at both ends, s: what net_kwh, '
        'discharge_kwh and regen_kwh rest on.'),
    ('net_kwh', 'Energy out of the battery less energy into it, kWh: positive is used.'),
    ('discharge_kwh', 'Energy out of the battery, kWh, 0 or more.'),
    ('regen_kwh', 'Energy that came back into the battery, kWh, 0 or more: what braking recovered, less what '
        'heaters and other loads took of it at once.'),
    ('paired_km', 'Distance of the intervals that have both distance and energy, km.'),
    ('paired_net_kwh', 'Net energy of the same intervals, kWh: over paired_km it is kwh_per_km.'),
    ('standing_seconds', 'Part of energy_seconds below 1 km/h at both ends, s.'),
    ('standing_net_kwh', 'Net energy of that time, kWh: what does not drive the vehicle.'),
    ('heater_kwh', 'Electric (resistive) cabin heater, kWh, without heat pump, battery heater and fuel; null '
        'where not metered.'),
    ('heater_base_kwh', 'Net energy over the intervals in which the electric cabin heater was metered, kWh.'),
    ('heater_share', 'heater_kwh of heater_base_kwh: the electric cabin heater''s share of the net energy, 0 to '
        '1, without heat pump, battery heater and fuel.'),
    ('heat_pump_kwh', 'Electric energy into the heat pump while it heats, kWh; null where not metered.'),
    ('heat_pump_base_kwh', 'Net energy over the intervals in which the heat pump was metered, kWh.'),
    ('battery_heater_kwh', 'Battery heater, kWh; null where not metered.'),
    ('battery_heater_base_kwh', 'Net energy over the intervals in which the battery heater was metered, kWh.'),
    ('air_conditioning_kwh', 'Air conditioning while it cools, kWh; null where not metered.'),
    ('air_conditioning_base_kwh', 'Net energy over the intervals in which the air conditioning was metered, '
        'kWh.'),
    ('auxiliary_kwh', 'What neither drives nor heats nor cools, kWh; null where not metered.'),
    ('auxiliary_base_kwh', 'Net energy over the intervals in which auxiliaries were metered, kWh.'),
    ('traction_kwh', 'Energy into the traction inverters less what they gave back, kWh; null where not '
        'metered.'),
    ('traction_base_kwh', 'Net energy over the intervals in which traction was metered, kWh.'),
    ('charger_kwh', 'Energy from the charger, kWh; null where not metered.'),
    ('charged_kwh', 'Energy into the battery on the plug less what left it there, kWh; null where not '
        'measured.'),
    ('unexplained_kwh', 'Net energy and the charger''s less every component, kWh, over the time in which '
        'traction and auxiliaries were metered: what no meter explains. Negative where meters claim more '
        'than there was.'),
    ('unexplained_base_kwh', 'Net energy over the same time, kWh.'),
    ('fuel_litres', 'Fuel burnt for heat, l: in no figure of electric energy; null where not metered.'),
    ('fuel_heat_kwh', 'Heat in that fuel by energy_setting.fuel_kwh_per_litre, kWh: beside the electric energy, '
        'never part of it.'),
    ('cabin_heat_kwh', 'Electric energy of cabin heating, kWh: electric heater and heat pump, without battery '
        'heater and fuel; null where neither is metered.'),
    ('kwh_per_km', 'Consumption, kWh/km: paired_net_kwh over paired_km, so without fuel.'),
    ('split_traction_kwh', 'Energy of trips that drove the vehicle, kWh, metered or estimated (split_source).'),
    ('split_other_kwh', 'Energy of trips that did not drive the vehicle, kWh, metered or estimated.'),
    ('split_source', 'metered (a traction meter parts it), estimated (by what the vehicle takes while it '
        'stands), or null where neither can tell.'),
    ('traction_kwh_per_km', 'Traction''s part of kwh_per_km, kWh/km, from its share while it was metered.'),
    ('heater_kwh_per_km', 'The electric cabin heater''s part of kwh_per_km, kWh/km, from its share while it '
        'was metered.'),
    ('heat_pump_kwh_per_km', 'The heat pump''s part of kwh_per_km, kWh/km, from its share while it was '
        'metered.'),
    ('battery_heater_kwh_per_km', 'The battery heater''s part of kwh_per_km, kWh/km, from its share while it '
        'was metered.'),
    ('air_conditioning_kwh_per_km', 'The air conditioning''s part of kwh_per_km, kWh/km, from its share while '
        'it was metered.'),
    ('auxiliary_kwh_per_km', 'Auxiliaries'' part of kwh_per_km, kWh/km, from their share while they were '
        'metered.'),
    ('unexplained_kwh_per_km', 'What no meter explains of kwh_per_km, kWh/km; may be negative.'),
    ('split_traction_kwh_per_km', 'Part of kwh_per_km that drove the vehicle, kWh/km (split_source).'),
    ('split_other_kwh_per_km', 'Part of kwh_per_km that did not drive the vehicle, kWh/km (split_source).'),
    ('exterior_kelvin_seconds', 'Time integral of the exterior (air) temperature, K s.'),
    ('exterior_seconds', 'The time that it covers, s.'),
    ('exterior_temperature_mean_celsius', 'Mean of the exterior (air) temperature over the time it was '
        'measured, °C, without hours in which the fleet contradicts it; null where there is none.'),
    ('soc_start_percent', 'State of charge at the first sample that has one, %.'),
    ('soc_start_at', 'When that was.'),
    ('soc_end_percent', 'State of charge at the last sample that has one, %.'),
    ('soc_end_at', 'When that was.'),
    ('soc_drop_percent', 'Points by which the state of charge fell on the trips, %: negative where it rose.'),
    ('odometer_start_km', 'Odometer at the first sample that has one, km.'),
    ('odometer_end_km', 'Odometer at the last sample that has one, km.'),
    ('odometer_km', 'Distance by the odometer, km: a quality figure beside km, never a correction.'),
    ('exterior_start_celsius', 'Exterior (air) temperature at the first sample that has one, °C.'),
    ('exterior_end_celsius', 'Exterior (air) temperature at the last sample that has one, °C.'),
    ('cabin_start_celsius', 'Cabin temperature at the first sample that has one, °C.'),
    ('cabin_end_celsius', 'Cabin temperature at the last sample that has one, °C.'),
    ('battery_start_celsius', 'Mean pack temperature at the first sample that has one, °C.'),
    ('battery_end_celsius', 'Mean pack temperature at the last sample that has one, °C.'),
    ('coverage', 'Measured share of the time from the first to the last sample, 0 to 1; of a band, of the '
        'trips that touch it, since missing time has no temperature.'),
    ('trusted_share', 'Share of the time heard in which nothing was doubted, 0 to 1.'),
    ('distance_share', 'Integrated distance against the odometer''s, 0 to 1; null where it cannot be compared.'),
    ('completeness', 'How far the figures can be trusted, 0 to 1: the least of coverage, trusted_share and '
        'distance_share.'),
    ('active_seconds', 'Time of the day that was measured on trips, at charging and at conditioning, s.'),
    ('still_seconds', 'Time of the day parked, or silent with the odometer where it was, s.')
) as w (column_name, words)
join pg_attribute a on a.attname = w.column_name and a.attnum > 0 and not a.attisdropped
join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'v', 'p')
where c.relnamespace = 'public'::regnamespace
    -- Signals are described where they are stored; see below.
    and c.relname not in ('doubted_reading', 'vehicle_now')
    and not (c.relname = 'reading' and col_description(a.attrelid, a.attnum) is not null)
on conflict do nothing;

-- What is a reading's, in the words of reading; what is known of the vehicle, in those of vehicle.
insert into column_words (relation, column_name, words)
select relation, column_name, words
from (
    select
        c.relname as relation,
        a.attname as column_name,
        coalesce(
            col_description(r.attrelid, r.attnum) || case c.relname
                when 'vehicle_now'
                    then ' The last value of the minute up to recorded_at; null where that has none.'
                else ''
            end,
            known.words
        ) as words
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    left join pg_attribute r
        on r.attrelid = 'public.reading'::regclass and r.attname = a.attname
    left join lateral (
        select w.words from column_words w
        where w.relation in ('reading', 'vehicle') and w.column_name = a.attname
        order by w.relation
        limit 1
    ) known on true
    where c.relnamespace = 'public'::regnamespace and c.relname in ('doubted_reading', 'vehicle_now')
) as of_reading
where words is not null
on conflict do nothing;

do $$
declare
    word column_words;
begin
    for word in select * from column_words loop
        -- What is described already stays; a name that does not exist is an error here.
        if col_description(
            format('public.%I', word.relation)::regclass,
            (
                select attnum from pg_attribute
                where attrelid = format('public.%I', word.relation)::regclass
                    and attname = word.column_name
            )
        ) is null then
            execute format(
                'comment on column public.%I.%I is %L', word.relation, word.column_name, word.words
            );
        end if;
    end loop;
end
$$;

drop table column_words;

-- Said before without a unit.
comment on column energy_piece.doubted_seconds is
    'Time in which at least one value was doubted, s. Where all of a reading is doubted, that time is not '
    'among seconds. Readings of a clock that stepped tell of no time at all: what they leave out is missing '
    'from both.';
comment on column dead_letter.payload_bytes is
    'Length of the payload as it arrived, bytes; payload is shorter where only its start was kept.';

-- === Tables, in a sentence ===

comment on table vehicle_model is 'What is known of each type of vehicle; kept by the operator.';
comment on table vehicle is 'Every vehicle that was heard of: its number stands in all other tables.';
comment on table vehicle_status is 'Whether each vehicle is connected, as it says itself.';
comment on table reading is
    'What vehicles measured: one row for each vehicle and instant, null where nothing was measured. '
    'Vehicle, time, boot and sequence are the identity of a reading.';
comment on table cell_reading is 'Voltages and temperatures of every cell, by vehicle and instant.';
comment on table dead_letter is
    'Messages that could not become rows, with all that is needed to understand and replay them.';
comment on table dead_letter_quota is 'New dead letters by source and hour, for the limit on them.';
comment on table dead_letter_suppressed is
    'Messages over the limit of dead letters: acknowledged, counted, not kept.';
comment on table touched_hours is
    'Which hours of which vehicles an ingest transaction has changed, until the worker takes it over.';
comment on table refresh_queue is 'Hours that wait to be worked out.';
comment on table refreshed_hour is
    'What each hour was worked out from, by which the worker finds what late readings make wrong.';
comment on table energy_piece is
    'Energy, distance and coverage of each vehicle and UTC hour, cut by activity, trip, route, station, '
    'service day and band of the exterior temperature. All sums are over intervals of neighbouring samples; '
    'sums of larger periods are sums over rows.';
comment on table hour_sequence is
    'What each boot of a device numbered in an hour and service day: gaps in it are missing readings.';
comment on table doubted_stretch is
    'Neighbouring readings whose values the plausibility checks doubt, and why. Doubted values enter no sum.';
comment on table session is
    'What each vehicle did from when to when: trips, charging, conditioning and parking. See session_energy.';
comment on table trip_band is
    'Trips by band of the exterior (air) temperature and route. See trip_band_energy.';
comment on table ayaz_schema_version is 'Migrations that this database has had.';
