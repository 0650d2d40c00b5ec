-- A figure that no version in the catalogue asks for is counted for nothing (H09).
{% for sector in measured_sectors() %}
    select distinct m.indicator_code, m.version
    from {{ ref("measure_" ~ sector) }} as m
    left join
        {{ ref("indicator_catalogue") }} as i
        on i.indicator_code = m.indicator_code
        and i.version = m.version
    where i.indicator_code is null
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
