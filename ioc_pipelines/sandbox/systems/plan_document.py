"""What the construction department drops of each plan: drawing, explanation, decision.

The files are small and real: a PDF that opens, a drawing in DXF with one closed line. One plan in
nine has no drawing yet; some files are empty, misnamed or of a kind nobody can open later.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ioc_pipelines.sandbox.answer_key import FeedKey, RefusedRow
from ioc_pipelines.sandbox.chance import uniform
from ioc_pipelines.sandbox.defects import Defect, Share, plant
from ioc_pipelines.sandbox.drop import put
from ioc_pipelines.sandbox.systems import plan
from ioc_pipelines.sandbox.world import World, number

FEED = "so_xay_dung/planning.document"
FILE = "so_xay_dung/ho-so-quy-hoach/{plan_code}_{kind}_1.{ending}"
KINDS = (("ban-ve", "dxf"), ("thuyet-minh", "pdf"), ("quyet-dinh", "pdf"))
# days from the first of the quarter's last month
NO_DRAWING_EVERY, FILED_AFTER_DAYS = 9, 50

DEFECTS = (
    Defect("correct.enum", "document_kind", {"kind": pl.lit("anh-chup")}),
    Defect("correct.enum", "media_type", {"ending": pl.lit("rar")}),
    Defect("correct.range", "size_bytes", {"is_empty": pl.lit("yes")}),
    Defect("clean.format", "plan_code", {"plan_code": pl.col("plan_code").str.replace("-", "")}),
)
SHARE = Share(spoilt=0.06, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the files below ``root`` and return their answers."""
    planted = plant(documents(world), DEFECTS, SHARE, feed=FEED, world=world)
    refused: list[RefusedRow] = []
    for row in planted.iter_rows(named=True):
        path = FILE.format(**row)
        put(root / path, _content(row), row["filed"], world)
        if row["rule"]:
            refused.append(
                RefusedRow(
                    file=path, sheet=None, row=1, key=None, rule=row["rule"], column=row["column"]
                )
            )
    return FeedKey.of(planted, refused)


def documents(world: World) -> pl.DataFrame:
    """The files that should be there, by plan and kind, and the day each is laid there."""
    found = []
    for nth_plan, (code, month) in enumerate(plan.codes(world), start=1):
        filed = number(month) + FILED_AFTER_DAYS
        for at, (kind, ending) in enumerate(KINDS):
            if kind != "ban-ve" or nth_plan % NO_DRAWING_EVERY:
                place = {"block": filed, "nth": nth_plan * len(KINDS) + at, "filed": filed}
                found.append({"plan_code": code, "kind": kind, "ending": ending, **place})
    frame = pl.DataFrame(found).with_columns(is_empty=pl.lit(None, pl.String))
    return frame.filter(pl.col("filed") < int(world.now))


def _content(row: dict[str, object]) -> bytes:
    if row["is_empty"]:
        return b""
    title = f"{row['plan_code']} {row['kind']}"
    return _dxf(title) if row["kind"] == "ban-ve" else _pdf(title)


def _pdf(title: str) -> bytes:
    """A page with a line of text (PDF 1.4, ISO 32000-1)."""
    text = f"BT /F1 14 Tf 72 770 Td ({title}) Tj ET".encode("ascii")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body, offsets = b"%PDF-1.4\n", []
    for position, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (position, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def _dxf(title: str) -> bytes:
    """A drawing with a closed line, ASCII DXF R12."""
    side = int(100 + 400 * float(uniform(1, title, np.arange(1))[0]))
    corners = ((0, 0), (side, 0), (side, side), (0, side))
    lines = ["999", title, "0", "SECTION", "2", "ENTITIES", "0", "POLYLINE", "8", "0", "66", "1"]
    lines += ["70", "1"]
    for x, y in corners:
        lines += ["0", "VERTEX", "8", "0", "10", f"{x}.0", "20", f"{y}.0"]
    lines += ["0", "SEQEND", "0", "ENDSEC", "0", "EOF", ""]
    return "\r\n".join(lines).encode("ascii")
