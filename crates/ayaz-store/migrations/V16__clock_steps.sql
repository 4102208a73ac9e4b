-- A clock that is set back and right again has readings recorded among those of hours before. Which
-- ones is told by their numbers, which go on meanwhile. Every hour is worked out again for it.
insert into refresh_queue (vehicle_id, hour)
select vehicle_id, hour from refreshed_hour
on conflict do nothing;

-- What is left of each hour to judge the clock by: its readings in the order of their numbers, cut
-- where time does not go on with them. No row is there of an hour or boot whose numbers have no order.
create table clock_run (
    vehicle_id integer not null,
    hour timestamptz not null,
    -- Position within the hour.
    run integer not null,
    boot_id bigint not null,
    readings bigint not null,
    sequence_first bigint not null,
    sequence_last bigint not null,
    -- Times of the earliest and the latest reading.
    started_at timestamptz not null,
    ended_at timestamptz not null,
    -- Readings of the run from this instant on were recorded with a wrong time, and left out when the
    -- hour was worked out; null where none were.
    doubted_from timestamptz,
    primary key (vehicle_id, hour, run)
);

comment on table clock_run is
    'What each boot of a device numbered in an hour, in runs in which time goes with the numbers: what '
    'is needed to tell readings of a wrong time, in the hours of a day around as well.';

grant select, insert, delete on clock_run to ayaz_analytics;
grant select on clock_run to ayaz_reader;

alter table refreshed_hour
    -- Which of the readings within reach before and after the hour were left out for their time: the
    -- sum of a hash of each, 0 where none were.
    add column doubted_before bigint not null default 0,
    add column doubted_after bigint not null default 0;

-- By their time alone, readings of a clock that stepped are not told from those among which they lie.
alter table doubted_stretch
    add column sequence_min bigint not null default -9223372036854775808,
    add column sequence_max bigint not null default 9223372036854775807;

alter table doubted_stretch
    alter column sequence_min drop default,
    alter column sequence_max drop default;

comment on column doubted_stretch.sequence_min is
    'Lowest number of its readings; those of the boot between the two times that have another number '
    'are not among them.';
comment on column doubted_stretch.checks is
    'The checks that fired: ''interpolated_ramp'', ''stuck'', ''impossible_jump'', ''sentinel'', or '
    '''clock_step'': recorded with a wrong time.';
comment on column energy_piece.doubted_seconds is
    'Time in which at least one value was doubted. Where all of a reading is doubted, that time is not '
    'among seconds. Readings of a clock that stepped tell of no time at all: what they leave out is '
    'missing from both.';
comment on column hour_sequence.readings_out_of_order is
    'Of the readings whose time is not doubted, those that come before, by their time, what they come '
    'after by their number: the clock stepped by seconds, or the numbers have no order.';

create or replace view doubted_reading as
select d.checks, d.signals as doubted_signals, d.whole_row, r.*
from doubted_stretch d
join reading r
    on r.vehicle_id = d.vehicle_id
    and r.boot_id = d.boot_id
    and r.recorded_at between d.started_at and d.ended_at
    and r.sequence between d.sequence_min and d.sequence_max
    and r.time_quality = 0;

comment on view doubted_reading is
    'Readings whose values the plausibility checks doubt, or whose time their numbers contradict, with '
    'the checks and the signals. The rows stay as they came; doubted values enter no aggregate, and '
    'neither does anything of a reading whose time is doubted.';
