create or replace function service_day(at timestamptz, zone text, cut_over_hour integer) returns date
language sql immutable parallel safe
return ((at at time zone zone) - make_interval(hours => cut_over_hour))::date;

comment on function service_day(timestamptz, text, integer) is
    'The service day of an instant: the date that the zone''s clock showed cut_over_hour hours before. A '
    'service day has 23 or 25 hours where the clock changes. Results change only with the server''s time '
    'zone data.';
