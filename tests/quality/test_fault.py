"""Whose fault a failed delivery or a refused row is."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.quality.fault import FAULTS, REASONS, delivery_faults, row_faults


def test_a_delivery_is_ours_when_we_read_it_otherwise_since_the_last_good_one() -> None:
    told = [
        ("accepted", "v1", None, None),
        ("structure_mismatch", "v1", "source", "as_sent"),
        ("structure_mismatch", "v2", "pipeline", "read_otherwise"),
        ("source_unavailable", None, "transport", "no_answer"),
        ("source_faulty", None, "transport", "other_answer"),
        ("error", None, "pipeline", "internal_error"),
        ("interrupted", None, "pipeline", "interrupted"),
        ("nothing_arrived", None, "source", "nothing_sent"),
        ("partly_accepted", "v2", None, None),
        ("below_floor", "v2", "source", "as_sent"),
    ]
    found = delivery_faults(deliveries([(outcome, by, None) for outcome, by, *_ in told]))
    assert found.rows() == [(str(n), fault, why) for n, (_, _, fault, why) in enumerate(told)]


def test_a_cause_that_the_failure_names_goes_before_what_its_outcome_says() -> None:
    known = deliveries(
        [("source_unavailable", None, "not_configured"), ("source_unavailable", None, "x")]
    )
    assert delivery_faults(known).rows() == [
        ("0", "pipeline", "not_configured"),
        ("1", "transport", "no_answer"),
    ]


def test_every_reason_has_its_side_and_its_words() -> None:
    assert {reason.fault for reason in REASONS.values()} == set(FAULTS)
    assert all(reason.words for reason in REASONS.values())


def deliveries(told: list[tuple[str, str | None, str | None]]) -> pl.DataFrame:
    """Deliveries of one feed in order: outcome, what they were read by, a cause that is known."""
    kinds = {"delivery_id": pl.String, "feed": pl.String, "seq": pl.Int64}
    texts = dict.fromkeys(("outcome", "read_by", "cause"), pl.String)
    rows = [(str(n), "f", n, *facts) for n, facts in enumerate(told)]
    return pl.DataFrame(rows, schema={**kinds, **texts}, orient="row")


def test_a_row_is_ours_when_the_same_bytes_were_accepted_before() -> None:
    judged = pl.DataFrame({"of": [1, 1, 1, 2], "batch_id": ["a", "b", "d", "c"]})
    accepted = pl.DataFrame({"of": [1, 1], "batch_id": ["d", "a"], "key_hash": ["k", "k"]})
    refused = pl.DataFrame({"batch_id": ["b", "b", "c"], "key_hash": ["k", "m", "k"]})
    # once, though two judgements accepted it
    assert row_faults(judged, refused, accepted).rows() == [("b", "k", "pipeline", "a")]
