-- Totals that the agencies' files state, against the sum of the rows that make them up.
select
    batch_id,
    feed,
    source_file,
    sheet,
    row_number,
    label,
    key,
    column_name,
    stated,
    parts_sum,
    parts,
    difference,
    ties
from {{ source("quarantine", "control_totals") }}
