-- What is published of a refused row: its place, rule and a keyed hash of its key;
-- never a value.
select
    batch_id,
    feed,
    source_file,
    sheet,
    row_number,
    cell,
    key_hash,
    rule,
    dimension,
    column_name,
    message_vi,
    'open' as status
from {{ source("quarantine", "refusals") }}
