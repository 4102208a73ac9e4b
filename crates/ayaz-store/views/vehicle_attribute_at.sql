create or replace function vehicle_attribute_at(vehicle_id integer, attribute text, at timestamptz)
returns text
language sql stable parallel safe
begin atomic
    select c.value
    from vehicle_context c
    where c.vehicle_id = $1 and c.attribute = $2 and c.valid_from <= $3 and c.valid_to > $3;
end;

comment on function vehicle_attribute_at is
    'One attribute of vehicle_context at an instant; null where none is known. For several attributes, use '
    'vehicle_context_at.';
