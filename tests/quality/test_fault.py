"""Whose fault a failed delivery or a refused row is."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.quality.fault import delivery_faults, row_faults


def test_a_delivery_is_ours_when_we_read_it_otherwise_since_the_last_good_one() -> None:
    told = [
        ("accepted", "v1", None),
        ("structure_mismatch", "v1", "source"),
        ("structure_mismatch", "v2", "pipeline"),
        ("source_unavailable", None, "transport"),
        ("error", None, "pipeline"),
        ("nothing_arrived", None, "source"),
        ("partly_accepted", "v2", None),
        ("below_floor", "v2", "source"),
    ]
    frame = pl.DataFrame(
        [(str(n), "f", n, outcome, read_by) for n, (outcome, read_by, _) in enumerate(told)],
        schema=["delivery_id", "feed", "seq", "outcome", "read_by"],
        orient="row",
    )
    found = dict(delivery_faults(frame).rows())
    assert found == {str(n): fault for n, (*_, fault) in enumerate(told)}


def test_a_row_is_ours_when_the_same_bytes_were_accepted_before() -> None:
    judged = pl.DataFrame({"of": [1, 1, 2], "batch_id": ["a", "b", "c"]})
    accepted = pl.DataFrame({"of": [1], "batch_id": ["a"], "key_hash": ["k"]})
    refused = pl.DataFrame({"batch_id": ["b", "b", "c"], "key_hash": ["k", "m", "k"]})
    assert row_faults(judged, refused, accepted).rows() == [("b", "k", "pipeline")]
