-- The constraints give the guarantee; this trigger gives a readable message. It locks the vehicle, so that
-- two users who enter overlapping records at once both get a readable message.
create or replace function check_vehicle_context() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    bus text;
    what text;
    number_min numeric;
    number_max numeric;
    other vehicle_context;
begin
    select fleet || '/' || vehicle into bus
    from vehicle v where v.vehicle_id = new.vehicle_id
    for no key update;
    if not found then
        raise foreign_key_violation using message = format(
            'there is no vehicle with the number %s: enter it first (insert into vehicle (fleet, '
            'vehicle) …)', coalesce(new.vehicle_id::text, 'null')
        );
    end if;
    what := format('%s of %s, %s to %s', new.attribute, bus, new.valid_from, new.valid_to);

    if new.attribute is null or new.attribute not in (
        'depot', 'tyres', 'firmware', 'cabin_setpoint_celsius', 'route', 'usable_energy_kwh'
    ) then
        raise check_violation using message = format(
            '%s has no attribute %L: write depot, tyres, firmware, cabin_setpoint_celsius, route or '
            'usable_energy_kwh', bus, new.attribute
        );
    end if;

    if new.valid_from is null or new.valid_to is null then
        raise not_null_violation using message = format(
            '%s: an end is null: write -infinity for no start, infinity for no end', what
        );
    elsif new.valid_from >= new.valid_to then
        raise check_violation using message = format(
            '%s: ends before it starts: valid_to must be later than valid_from', what
        );
    elsif new.valid_from < '1990-01-01Z' and new.valid_from <> '-infinity'
        or new.valid_to > '2200-01-01Z' and new.valid_to <> 'infinity'
    then
        raise check_violation using message = format(
            '%s: a time is not between 1990 and 2200: correct it, or write -infinity for no start, '
            'infinity for no end', what
        );
    end if;

    if new.value is null or length(new.value) not between 1 and 100
        or new.value <> btrim(new.value, E' \t\r\n') or new.value ~ '[\u0001-\u001f\u007f]'
    then
        raise check_violation using message = format(
            '%s: the value %L must have 1 to 100 characters, without blanks at its ends and without '
            'control characters', what, new.value
        );
    end if;
    if new.attribute in ('cabin_setpoint_celsius', 'usable_energy_kwh') then
        number_min := case new.attribute when 'usable_energy_kwh' then 1 else 0 end;
        number_max := case new.attribute when 'usable_energy_kwh' then 2000 else 40 end;
        -- In this order, so that only numbers are cast.
        if (case
            when new.value !~ '^[0-9]{1,6}(\.[0-9]{1,6})?$' then true
            else new.value::numeric not between number_min and number_max
        end) then
            raise check_violation using message = format(
                '%s: the value %L must be a number from %s to %s, such as 22.5',
                what, new.value, number_min, number_max
            );
        end if;
    elsif new.attribute = 'depot'
        and not exists (select from depot d where d.depot = new.value)
    then
        raise foreign_key_violation using message = format(
            '%s: there is no depot %L: enter it first (insert into depot (depot, zone) …)',
            what, new.value
        );
    end if;

    -- A record with the same key is being replaced, or the primary key refuses it.
    select * into other
    from vehicle_context c
    where c.vehicle_id = new.vehicle_id and c.attribute = new.attribute
        and c.valid_from < new.valid_to and c.valid_to > new.valid_from
        and c.valid_from <> new.valid_from
        and (tg_op = 'INSERT' or (c.vehicle_id, c.attribute, c.valid_from)
            <> (old.vehicle_id, old.attribute, old.valid_from))
    order by c.valid_from
    limit 1;
    if found then
        raise exclusion_violation using message = format(
            '%s: overlaps the record %L from %s to %s: end the earlier one where the later begins',
            what, other.value, other.valid_from, other.valid_to
        );
    end if;
    return new;
end
$$;

create or replace trigger check_vehicle_context before insert or update on vehicle_context
    for each row execute function check_vehicle_context();
