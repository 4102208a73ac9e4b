create or replace function unflagged_share(seconds double precision, flagged_seconds double precision)
returns double precision
language sql immutable parallel safe
return case
    when seconds + flagged_seconds > 0 then seconds / (seconds + flagged_seconds)
end;

comment on function unflagged_share is
    'Share of the measured time without flags. An interval with one flagged value counts in both arguments; '
    'an interval of readings that are flagged as a whole is not in seconds.';
