create or replace function is_complete(completeness double precision, completeness_min double precision)
returns boolean
language sql stable parallel safe
return coalesce(
    completeness >= coalesce(
        completeness_min, (select s.completeness_min from public.energy_setting s)
    ),
    false
) or coalesce(completeness_min, (select s.completeness_min from public.energy_setting s)) <= 0;

comment on function is_complete is
    'Whether figures are as complete as is asked for, 0 to 1. Null asks for energy_setting.completeness_min. '
    'Of what nothing can be said is complete only where nothing is asked for.';
