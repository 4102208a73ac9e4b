-- Each share is 0 to 1, or null where it cannot be computed. completeness is the least of them.
create or replace function covered_share(seconds double precision, duration_seconds double precision)
returns double precision
language sql immutable parallel safe
return case when duration_seconds > 0 then greatest(least(seconds / duration_seconds, 1), 0) end;

comment on function covered_share is 'Measured share of the time that should have been measured.';
