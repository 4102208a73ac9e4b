create or replace function distance_share(km double precision, odometer_km double precision)
returns double precision
language sql immutable parallel safe
return case
    when odometer_km > 1
        then greatest(1 - greatest(abs(km - odometer_km) - 1, 0) / odometer_km, 0)
end;

comment on function distance_share is
    'How well the integrated distance agrees with the odometer, 0 to 1; too much lowers it as too little '
    'does. Many odometers count whole kilometres, so a difference of 1 km is allowed, and the result is null '
    'up to 1 km.';
