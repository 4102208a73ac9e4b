-- One wide row per vehicle and instant; null means "not measured". The key identifies a reading, so that a
-- second delivery adds no row. It also serves all queries by vehicle and time, so there is no other index.
create table reading (
    vehicle_id integer not null,
    recorded_at timestamptz not null,
    boot_id bigint not null,
    sequence bigint not null,
    received_at timestamptz not null,
    time_quality smallint not null,
    historical boolean not null,
    invalid_signals bigint,
    drive_cycle bigint,
    speed_kmh real,
    odometer_km double precision,
    latitude_degrees double precision,
    longitude_degrees double precision,
    altitude_m real,
    position_valid boolean,
    gear smallint,
    accelerator_percent real,
    brake_percent real,
    doors_open boolean,
    passenger_count integer,
    route text,
    block text,
    soc_percent real,
    soh_percent real,
    pack_voltage_volts real,
    pack_current_amperes real,
    cell_voltage_min_volts real,
    cell_voltage_max_volts real,
    cell_temperature_min_celsius real,
    cell_temperature_max_celsius real,
    battery_temperature_celsius real,
    insulation_resistance_kohm real,
    charge_power_limit_kw real,
    discharge_power_limit_kw real,
    battery_heater_power_watts real,
    energy_charged_total_kwh double precision,
    energy_discharged_total_kwh double precision,
    charge_state smallint,
    charger_power_watts real,
    charging_station text,
    exterior_temperature_celsius real,
    cabin_temperature_celsius real,
    cabin_setpoint_celsius real,
    cabin_heater_power_watts real,
    heat_pump_power_watts real,
    air_conditioning_power_watts real,
    fuel_heater_on boolean,
    fuel_heater_rate_litres_per_hour real,
    fuel_heater_total_litres double precision,
    coolant_temperature_celsius real,
    auxiliary_power_watts real,
    low_voltage_battery_volts real,
    traction_power_watts real,
    motor_temperature_max_celsius real,
    motor_speed_rpm real,
    motor_torque_nm real,
    alarm_level integer,
    alarm_flags bigint,
    fault_codes bigint[],
    primary key (vehicle_id, recorded_at, boot_id, sequence)
);

select create_hypertable(
    'reading', by_range('recorded_at', interval '1 day'), create_default_indexes => false
);

-- Voltages and temperatures of every cell; a null in an array is a cell that was not read.
create table cell_reading (
    vehicle_id integer not null,
    recorded_at timestamptz not null,
    boot_id bigint not null,
    sequence bigint not null,
    received_at timestamptz not null,
    time_quality smallint not null,
    historical boolean not null,
    voltages_volts real[] not null,
    temperatures_celsius real[] not null,
    primary key (vehicle_id, recorded_at, boot_id, sequence)
);

select create_hypertable(
    'cell_reading', by_range('recorded_at', interval '1 day'), create_default_indexes => false
);

comment on table reading is
    'Readings of vehicles: one row per vehicle and instant; null where nothing was measured. Vehicle, time, '
    'boot and sequence number identify a reading.';
comment on column reading.vehicle_id is 'The vehicle''s number in this database.';
comment on column reading.recorded_at is 'When it was measured, by the vehicle''s clock.';
comment on column reading.boot_id is 'Boot of the device: a new number each time it starts.';
comment on column reading.sequence is 'Number that the device gave the reading within its boot.';
comment on column reading.received_at is 'When it was received, by the daemon''s clock.';
comment on column reading.time_quality is
    '0: plausible time; 1: later than the daemon''s clock allows; 2: before the accepted window. Only 0 '
    'enters figures.';
comment on column reading.historical is
    'Whether the device sent it late on purpose. Such a reading does not change the last known state.';
comment on column reading.invalid_signals is
    'Signals that were sent with an implausible value and are null here: one bit each, by the position of '
    'the signal''s column; null if none.';
comment on column reading.drive_cycle is
    'Number of the drive cycle, which counts key-ons; null while the key is off.';
comment on column reading.speed_kmh is 'Speed over ground, km/h; stationary below 0.5.';
comment on column reading.odometer_km is 'Distance since manufacture, km.';
comment on column reading.latitude_degrees is 'WGS 84 latitude, degrees, north positive.';
comment on column reading.longitude_degrees is 'WGS 84 longitude, degrees, east positive.';
comment on column reading.altitude_m is 'Height above the sea, m.';
comment on column reading.position_valid is 'Whether the receiver reports its position as valid.';
comment on column reading.gear is 'Selected gear.';
comment on column reading.accelerator_percent is 'Accelerator pedal, 0 to 100 %.';
comment on column reading.brake_percent is 'Brake pedal, 0 to 100 %.';
comment on column reading.doors_open is 'Whether any door is open.';
comment on column reading.passenger_count is 'Passengers on board.';
comment on column reading.route is 'Route, as the operator names it.';
comment on column reading.block is
    'Vehicle block (the day''s chain of trips), as the operator names it.';
comment on column reading.soc_percent is 'State of charge of the usable window, %.';
comment on column reading.soh_percent is 'State of health, % of rated capacity.';
comment on column reading.pack_voltage_volts is 'Voltage of the pack, V.';
comment on column reading.pack_current_amperes is
    'Current of the pack, A, positive into the battery (COVESA VSS).';
comment on column reading.cell_voltage_min_volts is 'Lowest cell voltage, V.';
comment on column reading.cell_voltage_max_volts is 'Highest cell voltage, V.';
comment on column reading.cell_temperature_min_celsius is 'Coldest cell, °C.';
comment on column reading.cell_temperature_max_celsius is 'Hottest cell, °C.';
comment on column reading.battery_temperature_celsius is 'Mean temperature of the pack, °C.';
comment on column reading.insulation_resistance_kohm is
    'Insulation resistance between high voltage and chassis, kΩ.';
comment on column reading.charge_power_limit_kw is 'Power the battery accepts now, kW.';
comment on column reading.discharge_power_limit_kw is 'Power the battery gives now, kW.';
comment on column reading.battery_heater_power_watts is
    'Electric power into the battery''s heater, W.';
comment on column reading.energy_charged_total_kwh is 'Energy charged since manufacture, kWh.';
comment on column reading.energy_discharged_total_kwh is
    'Energy discharged since manufacture, kWh.';
comment on column reading.charge_state is
    'What the charging port does: 1 unplugged, 2 plugged, 3 charging, 4 complete, 5 fault.';
comment on column reading.charger_power_watts is 'Power from the charger, W.';
comment on column reading.charging_station is 'Charging station, as the operator names it.';
comment on column reading.exterior_temperature_celsius is 'Air outside the vehicle, °C.';
comment on column reading.cabin_temperature_celsius is 'Air in the passengers'' cabin, °C.';
comment on column reading.cabin_setpoint_celsius is 'Wanted cabin temperature, °C.';
comment on column reading.cabin_heater_power_watts is
    'Electric power into the resistive cabin heater, W.';
comment on column reading.heat_pump_power_watts is
    'Electric power into the heat pump while it heats, W.';
comment on column reading.air_conditioning_power_watts is
    'Electric power into the air conditioning while it cools, W.';
comment on column reading.fuel_heater_on is 'Whether the fuel heater burns.';
comment on column reading.fuel_heater_rate_litres_per_hour is 'Fuel into the heater, l/h.';
comment on column reading.fuel_heater_total_litres is
    'Fuel burnt by the heater since manufacture, l.';
comment on column reading.coolant_temperature_celsius is 'Coolant of the heating circuit, °C.';
comment on column reading.auxiliary_power_watts is
    'Electric power of everything that neither drives nor heats nor cools, W.';
comment on column reading.low_voltage_battery_volts is
    'Voltage of the low-voltage battery (12 or 24 V nominal), V.';
comment on column reading.traction_power_watts is
    'Electric power into the traction inverters, W, negative while regenerating.';
comment on column reading.motor_temperature_max_celsius is 'Hottest traction motor, °C.';
comment on column reading.motor_speed_rpm is 'Speed of the traction motor, rpm.';
comment on column reading.motor_torque_nm is
    'Torque of the traction motor, N·m, negative while regenerating.';
comment on column reading.alarm_level is
    'Highest alarm level, 0 none to 4 (GB/T 32960 uses 0 to 3).';
comment on column reading.alarm_flags is 'Alarms as sent by the vehicle, one bit each.';
comment on column reading.fault_codes is 'Diagnostic trouble codes that are set.';

comment on table cell_reading is 'Voltages and temperatures of every cell, by vehicle and instant.';
comment on column cell_reading.vehicle_id is 'The vehicle''s number in this database.';
comment on column cell_reading.recorded_at is 'When it was measured, by the vehicle''s clock.';
comment on column cell_reading.boot_id is 'Boot of the device: a new number each time it starts.';
comment on column cell_reading.sequence is
    'Number that the device gave the reading within its boot.';
comment on column cell_reading.received_at is 'When it was received, by the daemon''s clock.';
comment on column cell_reading.time_quality is
    '0: plausible time; 1: later than the daemon''s clock allows; 2: before the accepted window. Only 0 '
    'enters figures.';
comment on column cell_reading.historical is
    'Whether the device sent it late on purpose. Such a reading does not change the last known state.';
comment on column cell_reading.voltages_volts is
    'Voltage of each cell, in the order of the pack, V; null where not read.';
comment on column cell_reading.temperatures_celsius is
    'Temperature of each sensor, in the order of the pack, °C; null where not read.';

grant insert on reading, cell_reading to ayaz_ingest;
grant select on reading, cell_reading to ayaz_analytics, ayaz_reader;
-- Lets the operator accept readings that were set aside.
grant insert on reading, cell_reading to ayaz_operator;
