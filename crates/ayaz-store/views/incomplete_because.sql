create or replace function incomplete_because(
    completeness double precision, time_share double precision, sequence_share double precision,
    trip_coverage double precision, distance_share double precision, unflagged_share double precision
) returns text
language sql immutable parallel safe
return case
    when completeness is null then 'not known'
    when completeness >= 1 then ''
    when completeness = time_share then 'time without readings'
    when completeness = sequence_share then 'readings lost'
    when completeness = trip_coverage then 'gaps on trips'
    when completeness = distance_share then 'distance differs from the odometer'
    when completeness = unflagged_share then 'readings flagged'
end;

comment on function incomplete_because is
    'The main reason why a day of bus_day_completeness is not complete: its least share; the first if '
    'several are equal.';
