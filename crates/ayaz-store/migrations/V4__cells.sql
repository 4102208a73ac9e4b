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

grant insert on cell_reading to ayaz_ingest;
grant select on cell_reading to ayaz_analytics, ayaz_reader;
