create or replace function distance_share(km double precision, odometer_km double precision)
returns double precision
language sql immutable parallel safe
return case
    when odometer_km > 1
        then greatest(1 - greatest(abs(km - odometer_km) - 1, 0) / odometer_km, 0)
end;

comment on function distance_share is
    'Integrated distance against the odometer''s, whichever is larger. Many count whole kilometres: of '
    'the difference 1 km is theirs, and below 1 km nothing can be said.';
