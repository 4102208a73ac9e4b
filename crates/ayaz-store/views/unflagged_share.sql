create or replace function unflagged_share(seconds double precision, flagged_seconds double precision)
returns double precision
language sql immutable parallel safe
return case
    when seconds + flagged_seconds > 0 then seconds / (seconds + flagged_seconds)
end;

comment on function unflagged_share is
    'Time without flags, of the time heard. Where only a value is flagged the time counts on both '
    'sides; where all of a reading is, it is not among seconds.';
