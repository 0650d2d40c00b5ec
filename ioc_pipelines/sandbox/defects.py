"""Which rows are spoilt, how, and which rule each of them breaks.

A feed is planted as the text its agency writes. Columns are added, the marks that the answer key is
made from: ``rule`` and ``column`` (null on a good row), ``also_rule`` and ``also_column`` (null but
where two rules are broken), and ``duplicate``.

Which rows are spoilt depends on their place alone (``block``: a day or a period as a number;
``nth``: the row within it), never on how far time has gone: a later day adds rows and mends some
old ones, and leaves the rest as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from contracts.base import KEY_UNIQUE
from ioc_pipelines.sandbox.chance import uniform
from ioc_pipelines.sandbox.world import World

MARKS = ("rule", "column", "also_rule", "also_column", "duplicate")
NOTHING = pl.lit(None, dtype=pl.String)
# well-formed, and far above the highest commune code in use
UNKNOWN_COMMUNE = pl.format("99{}", (pl.col("nth_of_its_kind") + 1).cast(pl.String).str.zfill(3))
DECADE_AHEAD = "10y"
YEARS_AGO = "-3y"

_PLACES = ("block", "nth")
# an agency mends half of what it got wrong, one to six weeks later
_MENDED_AFTER_DAYS, _MENDED_WITHIN_DAYS = 7, 35


@dataclass(frozen=True)
class Defect:
    """A way to spoil a row, so that it breaks ``rule`` at the contract's ``column`` and no other.

    But ``also``: a second rule with its column, where two cells of a row are wrong.

    ``cells`` are the source columns to overwrite; an expression may use ``nth_of_its_kind``, which
    counts the rows of this defect within their block from 0. Only rows ``where`` it holds are
    spoilt, at most ``one_per`` value of that column and block. ``clean.key_unique`` adds a second
    row with the same key that carries the cells; both rows are refused.
    """

    rule: str
    column: str | None
    cells: Mapping[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr | None = None
    one_per: str | None = None
    also: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True)
class Share:
    """Share of rows that are ``spoilt`` and that are sent twice; ``mended``: whether ever."""

    spoilt: float
    copied: float = 0.0
    mended: bool = True


def moved(column: str, by: str, form: str) -> pl.Expr:
    """A date or timestamp text of ``form``, moved by a polars offset such as ``-3y``."""
    moment = pl.col(column).str.to_datetime(form, strict=False)
    return moment.dt.offset_by(by).dt.strftime(form)


def plant(
    frame: pl.DataFrame, defects: Sequence[Defect], share: Share, *, feed: str, world: World
) -> pl.DataFrame:
    """``frame`` as it stands at ``world.as_of``: defects planted, copies added, and the marks.

    ``frame`` has ``block`` (days since 1970-01-01, at which the row was first sent) and ``nth``;
    they are dropped. A spoilt row stays where it was; an added row follows the one it was copied
    from. The added column ``mended_on`` is the day number at which a row was put right, else null.
    """
    marked = _chosen(frame.sort(_PLACES, maintain_order=True), len(defects), share, feed, world)
    extra = []
    for number, defect in enumerate(defects):
        marked = _spoilt(marked, number, defect)
        if defect.rule == KEY_UNIQUE:
            twin = marked.filter(pl.col("rule") == KEY_UNIQUE).with_columns(**defect.cells)
            extra.append(twin.with_columns(added=pl.lit(1, pl.Int8)))
    copies = marked.filter(pl.col("copied") & pl.col("rule").is_null())
    extra.append(copies.with_columns(duplicate=pl.lit(True), added=pl.lit(1, pl.Int8)))
    whole = pl.concat([marked, *extra]).sort("row", "added", maintain_order=True)
    return whole.drop(*_PLACES, "row", "added", "copied", "defect", "nth_of_its_kind")


def _chosen(frame: pl.DataFrame, kinds: int, share: Share, feed: str, world: World) -> pl.DataFrame:
    """Which defect each row has now: the kinds take turns, so that each is there when rows are few.

    Every other turn of a kind is put right some weeks later.
    """
    block, nth = frame["block"].to_numpy(), frame["nth"].to_numpy()
    chance = uniform(world.seed, f"{feed} defect", block, nth)
    wait = uniform(world.seed, f"{feed} mended", block, nth)
    mended_on = block + _MENDED_AFTER_DAYS + (wait * _MENDED_WITHIN_DAYS).astype("int64")
    turn = (chance < share.spoilt).cumsum() - 1
    is_mended = share.mended & ((turn // kinds) % 2 == 1) & (mended_on < world.now)
    is_drawn = chance < share.spoilt
    is_copied = (chance >= share.spoilt) & (chance < share.spoilt + share.copied)
    drawn = frame.with_columns(
        pl.Series("defect", turn % kinds),
        pl.Series("mended_on", mended_on),
        pl.Series("is_drawn", is_drawn),
        pl.Series("is_mended", is_drawn & is_mended),
        pl.Series("copied", is_copied),
    )
    return drawn.with_columns(
        defect=pl.when(pl.col("is_drawn") & ~pl.col("is_mended")).then("defect"),
        mended_on=pl.when("is_mended").then("mended_on"),
        rule=NOTHING,
        column=NOTHING,
        also_rule=NOTHING,
        also_column=NOTHING,
        duplicate=pl.lit(False),
        added=pl.lit(0, pl.Int8),
        row=pl.int_range(pl.len()),
    ).drop("is_drawn", "is_mended")


def _spoilt(marked: pl.DataFrame, number: int, defect: Defect) -> pl.DataFrame:
    hit = pl.col("defect") == number
    if defect.where is not None:
        hit = hit & defect.where.fill_null(False)
    marked = marked.with_columns(hit=hit.fill_null(False))
    if defect.one_per:
        place = ["block", defect.one_per, "hit"]
        marked = marked.with_columns(hit=pl.col("hit") & (pl.int_range(pl.len()).over(place) == 0))
    nth = pl.int_range(pl.len()).over("block", "hit")
    marked = marked.with_columns(nth_of_its_kind=nth)
    cells = {} if defect.rule == KEY_UNIQUE else defect.cells
    told = zip(MARKS, (defect.rule, defect.column, *defect.also), strict=False)
    marks = {name: pl.lit(value, dtype=pl.String) for name, value in told}
    changed = [
        pl.when("hit").then(value).otherwise(pl.col(name)).alias(name)
        for name, value in {**cells, **marks}.items()
    ]
    return marked.with_columns(changed).drop("hit")
