create or replace function trusted_share(seconds double precision, doubted_seconds double precision)
returns double precision
language sql immutable parallel safe
return case
    when seconds + doubted_seconds > 0 then seconds / (seconds + doubted_seconds)
end;

comment on function trusted_share is
    'Time without doubts, of the time heard. Where only a value is doubted the time counts on both '
    'sides; where all of a reading is, it is not among seconds.';
