"""What a refused row was before, through the packs that came back."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.quality.lineage import lineages


def test_a_row_is_itself_and_all_that_it_came_from_even_in_a_circle() -> None:
    answers = pl.DataFrame(
        # P3 was corrected to what P1 said: wrong again
        {"ticket": ["P1", "P2", "P3", "P8"], "new_ticket": ["P2", "P3", "P1", "P9"]}
    )
    found = lineages(answers, ["P3", "P9", "P7"]).rows()
    assert sorted(found) == [
        ("P3", "P1"),
        ("P3", "P2"),
        ("P3", "P3"),
        ("P7", "P7"),
        ("P9", "P8"),
        ("P9", "P9"),
    ]
