create or replace function incomplete_because(
    completeness double precision, time_share double precision, sequence_share double precision,
    trip_coverage double precision, distance_share double precision, unflagged_share double precision
) returns text
language sql immutable parallel safe
return case
    when completeness is null then 'nothing can be said'
    when completeness >= 1 then ''
    when completeness = time_share then 'partly unheard of'
    when completeness = sequence_share then 'readings lost'
    when completeness = trip_coverage then 'gaps on trips'
    when completeness = distance_share then 'distance is not the odometer’s'
    when completeness = unflagged_share then 'readings flagged'
end;

comment on function incomplete_because is
    'What makes a day of bus_day_completeness less than complete: the least of its shares, the first of several.';
