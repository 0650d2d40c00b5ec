"""Files made to do harm cost their own feed, a moment and little memory; they are kept aside.

Must show 2: zip bomb, XML bomb and a million columns in under 2 s each with less than 300 MB.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import tarfile
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.files import folder as folder_connector
from ioc_pipelines.intake.child import readers
from ioc_pipelines.intake.child.readers import Ended
from tests.faults import bombs
from tests.faults.bombs import LAUGHS, MB, deflated, sheet, workbook, workbook_parts, zip_of
from tests.orchestration.deployments import (
    DAY,
    HEADERS,
    NIGHT,
    Bench,
    csv_feed,
    dropped,
    good,
    hashes,
    write_csv,
    write_xlsx,
    xlsx_feed,
)

pytestmark = pytest.mark.faults

MOST_S, MOST_MB = 2.0, 300
CSV_ROW = "K001;Người 1;1000;15/11/2026\n"
CSV = ";".join(HEADERS) + "\n" + CSV_ROW


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[Ended]:
    """How each reading process ended."""
    found: list[Ended] = []
    real = readers.Readers.ended

    def ended(*given: Any) -> Ended:
        found.append(real(*given))
        return found[-1]

    monkeypatch.setattr(readers.Readers, "ended", ended)
    return found


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    monkeypatch.setenv("TEST_DROP", str(folder))
    return folder


# --- the feeds ------------------------------------------------------------------------------------


def in_archive(**more: Any) -> FeedEntry:
    layout = {"format": "csv", "delimiter": ";", "members": r"\.csv$"}
    return csv_feed(connector=dropped("so_a/*"), layout=layout, **more)


def sheets() -> FeedEntry:
    return xlsx_feed(agency="so_a", connector=dropped("so_a/*"))


def texts() -> FeedEntry:
    return csv_feed(connector=dropped("so_a/*"))


def objects() -> FeedEntry:
    return csv_feed(connector=dropped("so_a/*"), layout={"format": "json"})


def columnar() -> FeedEntry:
    return csv_feed(connector=dropped("so_a/*"), layout={"format": "parquet"})


def dumps() -> FeedEntry:
    return csv_feed(connector=dropped("so_a/*"), layout={"format": "sql_dump", "table": "t"})


# --- files that are refused -----------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A hostile file, how it is read, and exactly why it is refused."""

    feed: Callable[[], FeedEntry]
    content: Callable[[], bytes]
    reason: str
    bounded: bool = False
    outcome: str = "unreadable"


def nested(depth: int) -> bytes:
    inner = zip_of(("0.csv", deflated(1000), 1000 * MB))
    for number in range(depth):
        inner = bombs.package({f"{number}.zip": inner})
    return inner


def tarred(kind: bytes, name: str = "a.csv") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    return file.getvalue()


def parquet(change: Callable[[bytes], bytes]) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(good(500), schema=list(HEADERS), orient="row").write_parquet(file)
    return change(file.getvalue())


def ods(content: bytes) -> bytes:
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return bombs.package({"mimetype": kind, "content.xml": content})


def many_columns() -> bytes:
    names = ";".join(f"c{n}" for n in range(1_000_000))
    return f"{CSV.splitlines()[0]};{names}\n{CSV_ROW}".encode()


PACKS_SMALL = r"unpacks to \d+ bytes or more: no table packs as small as that"
DEFINES = r"defines a document type or entities, which no office program writes"
BROKE = r"damaged, or made to do harm: its reader broke down \(\w+\)"

REFUSED = {
    # zip bombs
    "zip bomb, flat": Case(
        in_archive,
        lambda: zip_of(("a.csv", deflated(3000), 3000 * MB)),
        rf"a member of \d+ bytes {PACKS_SMALL}",
        bounded=True,
    ),
    "zip bomb, many members": Case(
        in_archive,
        lambda: zip_of(("a.csv", deflated(30), 30 * MB), overlapping=200),
        r"archive too large: 200 members, \d+ bytes unpacked",
        bounded=True,
    ),
    "zip bomb, nested": Case(
        in_archive,
        lambda: nested(6),
        r"no member of the archive matches '\\\\.csv\$'",
        bounded=True,
        outcome="structure_mismatch",
    ),
    "zip bomb, more members than any": Case(
        in_archive,
        lambda: zip_of(("a.csv", b"\x03\0", 0), overlapping=60_000) * 2,
        r"damaged archive: \w+|archive too large: .*|no member .*|.*Overlapped.*",
        bounded=True,
    ),
    "zip bomb, sizes that lie": Case(
        in_archive,
        lambda: zip_of(("a.csv", deflated(3000), 10)),
        r"a member is larger than the 10 bytes that it declares",
        bounded=True,
    ),
    "gzip bomb": Case(
        in_archive,
        lambda: bombs.gzip_of(3000),
        rf"an archive of \d+ bytes {PACKS_SMALL}",
        bounded=True,
    ),
    "zip bomb, workbook": Case(
        sheets,
        lambda: bombs.bomb_of_a_workbook(3000),
        r"archive too large: 6 members, \d+ bytes unpacked|a member of \d+ bytes " + PACKS_SMALL,
        bounded=True,
    ),
    "zip bomb, workbook that lies": Case(
        sheets,
        lambda: bombs.bomb_of_a_workbook(3000, declared=500),
        r"its part 'xl/worksheets/sheet1\.xml' is larger than the 500 bytes it declares",
        bounded=True,
    ),
    # XML bombs
    "XML bomb, billion laughs": Case(
        sheets,
        lambda: workbook(
            sheet(b'<row r="1"><c r="A1" t="s"><v>0</v></c></row>'),
            LAUGHS + b"<sst><si><t>&a9;</t></si></sst>",
        ),
        rf"its part 'xl/sharedStrings\.xml' {DEFINES}",
        bounded=True,
    ),
    "XML bomb, external entity": Case(
        sheets,
        lambda: workbook(
            b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + sheet(b'<row r="1"><c r="A1" t="str"><v>&x;</v></c></row>')
        ),
        rf"its part 'xl/worksheets/sheet1\.xml' {DEFINES}",
        bounded=True,
    ),
    "XML bomb, open document": Case(
        sheets,
        lambda: ods(LAUGHS + b"<office:document-content>&a9;</office:document-content>"),
        rf"its part 'content\.xml' {DEFINES}",
        bounded=True,
    ),
    # tables without bounds
    "million columns, workbook": Case(
        sheets,
        bombs.million_columns,
        r"sheet 'Biểu': 1000000 columns, more than the 16384 that a worksheet has",
        bounded=True,
    ),
    "million columns, text": Case(
        texts,
        many_columns,
        r"line 1: 1000004 columns, more than the 16384 that a worksheet has",
        bounded=True,
    ),
    "two cells far apart": Case(
        sheets,
        bombs.far_corner,
        r"takes more than 4096 MiB of memory to read: if the file is in order, raise "
        r"reading\.memory_mb in the profile|" + BROKE,
        bounded=True,
    ),
    "one line without end": Case(
        texts,
        lambda: CSV.encode() + b"x" * (40 * MB),
        r"line 3: longer than 16777216 characters, no line of a table",
    ),
    "one line without end, nothing above": Case(
        texts,
        lambda: b"x" * (40 * MB),
        r"line 1: longer than 16777216 characters, no line of a table",
    ),
    "quote that is never closed": Case(
        texts,
        lambda: (CSV + 'K002;"Người 2;1000;15/11/2026\n' + CSV_ROW * 1000).encode(),
        r"not readable as CSV: line 3 may open a quote that is not closed",
    ),
    "NUL byte": Case(
        texts,
        lambda: (CSV + "K002;Ngư\0ời;1;15/11/2026\n").encode(),
        r"line 3: a NUL character, which no text has",
    ),
    # JSON
    "JSON, deep": Case(
        objects,
        lambda: b"[" * 500_000 + b"]" * 500_000,
        r"not readable as JSON: nested too deep",
    ),
    "JSON, number": Case(
        objects,
        lambda: b'[{"M\xc3\xa3": ' + b"9" * 1_000_000 + b"}]",
        r"not readable as JSON: a number too long",
    ),
    "JSON, text": Case(
        objects,
        lambda: json.dumps([dict.fromkeys(HEADERS[:1], "x" * 20 * MB)]).encode(),
        r"'Mã' holds a text of 20971520 characters, no value of a table",
    ),
    "JSON, many of nothing": Case(
        objects,
        lambda: b"[" + b"[]," * 2_000_000 + b"[]]",
        r"\$\[0\] is not a JSON object",
    ),
    # Parquet
    "Parquet, truncated": Case(
        columnar,
        lambda: parquet(lambda whole: whole[: len(whole) // 2]),
        r"not readable as Parquet",
    ),
    "Parquet, footer that lies": Case(
        columnar,
        lambda: parquet(lambda whole: whole[:-8] + b"\xff\xff\xff\x7f" + b"PAR1"),
        r"not readable as Parquet",
    ),
    "Parquet, pages of noise": Case(
        columnar,
        lambda: parquet(lambda whole: whole[:40] + bytes(range(256)) * 8 + whole[2088:]),
        rf"not readable as Parquet|{BROKE}",
    ),
    "Parquet, nothing but its name": Case(
        columnar, lambda: b"PAR1" * 3, r"not readable as Parquet"
    ),
    # old workbooks
    "XLS, garbage": Case(
        sheets,
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 40,
        rf"not a workbook: \w+|{BROKE}",
    ),
    "XLS, a program": Case(sheets, lambda: b"MZ" + bytes(5000), r"not a workbook: \w+"),
    # archives
    "path that leads out": Case(
        in_archive,
        lambda: bombs.package({"../../../etc/cron.d/a.csv": b"x"}),
        r"its member '\.\./\.\./\.\./etc/cron\.d/a\.csv' leads out of the archive: nothing of the "
        "archive is taken",
    ),
    "absolute path": Case(
        in_archive,
        lambda: bombs.package({"/etc/a.csv": b"x"}),
        r"its member '/etc/a\.csv' leads out of the archive: nothing of the archive is taken",
    ),
    "device name": Case(
        in_archive,
        lambda: bombs.package({"a/CON.csv": b"x"}),
        r"its member 'a/CON\.csv' is the name of a device: nothing of the archive is taken",
    ),
    "name that turns around": Case(
        in_archive,
        lambda: bombs.package({"a\u202evsc.exe.csv": CSV.encode()}),
        r"its member 'a%E2%80%AEvsc\.exe\.csv' has characters in its name that do not show: "
        "nothing of the archive is taken",
    ),
    "overlong name": Case(
        in_archive,
        lambda: bombs.package({"a" * 300 + ".csv": CSV.encode()}),
        r"its member 'a{80}' has a name longer than 255 bytes: nothing of the archive is taken",
    ),
    "symbolic link": Case(
        in_archive,
        lambda: tarred(tarfile.SYMTYPE),
        r"its member 'a\.csv' is a link or a device: nothing of the archive is taken",
    ),
    "device": Case(
        in_archive,
        lambda: tarred(tarfile.CHRTYPE),
        r"its member 'a\.csv' is a link or a device: nothing of the archive is taken",
    ),
    # dumps
    "SQL that never closes its text": Case(
        dumps,
        lambda: b"INSERT INTO t (a) VALUES ('" + b"x" * 5_000_000,
        r"line 1: not a plain value",
        outcome="structure_mismatch",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_hostile_file_is_refused_kept_and_costs_only_its_own_feed(
    case: Case, tmp_path: Path, drop: Path, ends: list[Ended], tell: Callable[..., None]
) -> None:
    bench = Bench.of(tmp_path, case.feed(), csv_feed(agency="so_z"))
    _, other = bench.deployment.catalog.entries
    path = drop / "so_a" / "tep"
    path.parent.mkdir()
    path.write_bytes(case.content())
    write_csv(drop / "so_z" / "1.csv", good(10))
    with _Beside(bench, other) as beside:
        before = _resident_mb()
        started, own_s = time.monotonic(), time.thread_time()
        report = bench.deliver()
        own_s, spent_s = time.thread_time() - own_s, time.monotonic() - started
        grown_mb = _resident_mb(peak=True) - before
    assert report.outcome == case.outcome
    (reason,) = report.detail["refused_files"].values()
    assert re.fullmatch(case.reason, reason), reason
    assert bench.landed() == {hashes(path.parent)["tep"]}, "the file is kept as received"
    assert beside.outcome == "accepted"
    peak_mb = max(ended.peak_mb for ended in ends)
    # of the processor: a machine that is busy with other things is no failure
    worked_s = own_s + sum(ended.cpu_s for ended in ends)
    tell("hostile files refused")
    told = f"{spent_s:.2f} s, {worked_s:.2f} of the processor"
    print(f"{told}, reader {peak_mb} MB, grown {grown_mb} MB")  # noqa: T201
    if case.bounded:
        assert worked_s < MOST_S
        assert peak_mb < MOST_MB
        assert grown_mb < MOST_MB


class _Beside:
    """Another feed that is delivered at the same time."""

    def __init__(self, bench: Bench, feed: FeedEntry) -> None:
        self.outcome = ""
        self._thread = threading.Thread(target=self._deliver, args=(bench, feed))

    def _deliver(self, bench: Bench, feed: FeedEntry) -> None:
        self.outcome = bench.deliver(feed=feed).outcome

    def __enter__(self) -> _Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def _resident_mb(*, peak: bool = False) -> int:
    """Of this process: what is resident now, or was at the most since it was asked last."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    name = "VmHWM" if peak else "VmRSS"
    if not peak:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    (kilobytes,) = re.findall(rf"{name}:\s+(\d+) kB", status)
    return int(kilobytes) // 1024


# --- files that only look hostile, and are read rightly -------------------------------------------


def test_formulas_macros_and_dde_are_values(tmp_path: Path, drop: Path) -> None:
    """Nothing of a workbook is ever run: of a formula the value is taken that stands beside it."""
    bench = Bench.of(tmp_path, sheets())
    cells = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("ABCD", HEADERS, strict=True)
    )
    row = (
        '<c r="A2" t="str"><f>cmd|\'/c calc\'!A1</f><v>K001</v></c>'
        '<c r="B2" t="str"><f>HYPERLINK("http://x","y")</f><v>=1+1</v></c>'
        '<c r="C2"><f>WEBSERVICE("http://x")</f><v>1000</v></c>'
        '<c r="D2" t="str"><f>"15/11/2026"</f><v>15/11/2026</v></c>'
    )
    parts = workbook_parts(sheet(f'<row r="1">{cells}</row><row r="2">{row}</row>'.encode()))
    macros = {"xl/vbaProject.bin": b"Sub AutoOpen()", "xl/externalLinks/externalLink1.xml": b"<x/>"}
    (drop / "so_a").mkdir()
    (drop / "so_a" / "1.xlsm").write_bytes(bombs.package({**parts, **macros}))
    report = bench.deliver()
    assert report.outcome == "accepted", report.detail
    assert report.batch is not None
    rows = bench.accepted(report.batch.batch_id).select("code", "name", "amount").rows()
    assert rows == [("K001", "=1+1", 1000)]


@pytest.mark.parametrize(
    "name",
    [
        "CON.csv",
        "nul",
        unicodedata.normalize("NFD", "Biểu mẫu tháng Mười.csv"),
        "x" * 251 + ".csv",
        "$(reboot).csv",
        "; rm -rf ~ #.csv",
        "%2e%2e%2fetc.csv",
    ],
    ids=["device", "device without ending", "NFD", "longest", "shell", "shell too", "encoded"],
)
def test_a_name_in_a_drop_folder_is_only_a_name(name: str, tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, texts())
    (drop / "so_a").mkdir()
    (drop / "so_a" / name).write_text(CSV, encoding="utf-8")
    report = bench.deliver()
    assert report.outcome == "accepted", report.detail
    shown = report.detail["found"][0]["file"]
    assert shown == unicodedata.normalize("NFC", f"so_a/{name}")
    assert [path.name for path in (drop / "so_a").iterdir()] == [name]


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200e", "\x1b"])
def test_a_name_that_does_not_show_as_it_is_is_shown_by_its_codes(
    sign: str, tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, texts())
    (drop / "so_a").mkdir()
    (drop / "so_a" / f"a{sign}vsc.csv").write_text(CSV, encoding="utf-8")
    report = bench.deliver()
    assert report.outcome == "accepted", report.detail
    assert sign not in json.dumps(report.detail, ensure_ascii=False)
    assert "%" in report.detail["found"][0]["file"]


def test_text_in_parts_is_composed_and_marks_of_direction_refuse_their_row(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*"), acceptance_floor=0.1))
    rows = [
        ("K001", unicodedata.normalize("NFD", "Nguyễn Thị Ánh"), "1", "15/11/2026"),
        ("K002", "Trần\u200e Bình\u200b", "2", "15/11/2026"),
        ("K003", "nap\u202e4321", "3", "15/11/2026"),
    ]
    write_csv(drop / "so_a" / "1.csv", rows)
    report = bench.deliver()
    assert report.batch is not None
    batch = report.batch.batch_id
    assert bench.accepted(batch)["name"].to_list() == ["Nguyễn Thị Ánh", "Trần Bình"]
    assert bench.refusals(batch) == {("so_a/1.csv", 4, "correct.readable", "name")}


# --- drop folders ---------------------------------------------------------------------------------


def _link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def _device(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


def _pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


OUT, PIPE = "a link out of the folder", "a pipe, a socket or a device"


@pytest.mark.parametrize(
    ("make", "kind"),
    [(_link, OUT), (_device, OUT), (_pipe, PIPE), (_socket, PIPE)],
    ids=["link", "link to /dev/zero", "pipe", "socket"],
)
def test_what_is_no_file_of_the_folder_is_left_alone_and_named(
    make: Callable[[Path, Path], None],
    kind: str,
    tmp_path: Path,
    drop: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(CSV.replace("Người 1", "của máy chủ"), encoding="utf-8")
    bench = Bench.of(tmp_path, texts())
    (drop / "so_a").mkdir()
    monkeypatch.chdir(drop / "so_a")  # the path of a socket may not be long
    make(Path("x.csv"), secret)
    alone = bench.deliver()
    assert alone.outcome == "nothing_arrived"
    told = f"no file matches so_a/*; no file, and not taken: so_a/x.csv ({kind})"
    assert alone.detail["problem"] == told
    write_csv(drop / "so_a" / "1.csv", good(3))
    report = bench.deliver(NIGHT + DAY)
    assert report.outcome == "accepted"
    assert report.detail["fetch"] == {"no_files": {"so_a/x.csv": kind}}
    assert "máy chủ" not in "".join(_texts(bench.deployment.home.root))


def test_a_file_larger_than_any_delivery_is_not_taken(tmp_path: Path, drop: Path) -> None:
    """Sparse, it takes no room in the folder of the agency; landed, it would fill our disk."""
    bench = Bench.of(tmp_path, texts())
    (drop / "so_a").mkdir()
    with (drop / "so_a" / "1.csv").open("wb") as file:
        file.truncate(3 * 1024**4)
    report = bench.deliver()
    assert report.outcome == "source_faulty"
    assert report.detail["problem"] == (
        "so_a/1.csv: 3298534883328 bytes, larger than any delivery (4294967296): not taken"
    )


@pytest.mark.parametrize("how", ["rewritten", "link", "pipe", "gone"])
def test_a_file_that_changes_while_it_is_taken_waits(
    how: str, tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, texts())
    path = write_csv(drop / "so_a" / "1.csv", good(3))
    real = folder_connector.sha256_of

    def then_changed(found: Path) -> str:
        digest = real(found)
        path.unlink()
        match how:
            case "rewritten":
                write_csv(path, good(4))
            case "link":
                path.symlink_to("/etc/passwd")
            case "pipe":
                os.mkfifo(path)
        return digest

    monkeypatch.setattr(folder_connector, "sha256_of", then_changed)
    report = bench.deliver()
    assert report.outcome == "nothing_arrived"
    assert report.detail["problem"] == "so_a/1.csv: changed while it was taken; taken once whole"
    assert not (bench.deployment.home.landing / bench.entry.id).exists()
    monkeypatch.undo()
    monkeypatch.setenv("TEST_DROP", str(drop))
    path.unlink(missing_ok=True)
    write_csv(path, good(4))
    assert bench.deliver(NIGHT + DAY).outcome == "accepted"


# --- files marked as a state secret ---------------------------------------------------------------

CONTENT = "Phương án tác chiến khu vực Bắc"


def _marked(folder: Path, how: str) -> FeedEntry:
    rows = [("K001", CONTENT, "1000", "15/11/2026")]
    folder.mkdir()
    match how:
        case "name":
            write_csv(folder / "Phương án (TỐI MẬT).csv", rows)
        case "first line":
            text = f"MẬT\n{CSV.splitlines()[0]}\nK001;{CONTENT};1;15/11/2026\n"
            (folder / "1.csv").write_text(text, encoding="utf-8")
        case "first line of an old font":
            text = f"MËT\n{CSV.splitlines()[0]}\nK001;{CONTENT};1;15/11/2026\n"
            (folder / "1.csv").write_text(text, encoding="utf-8")
        case "sheet":
            write_xlsx(folder / "1.xlsx", [("Độ mật: TUYỆT MẬT",), *rows])
            return sheets()
        case "member":
            (folder / "1.zip").write_bytes(
                bombs.package({"a.csv": CSV.encode(), "b.csv": f"MẬT\n{CONTENT}".encode()})
            )
            return in_archive()
        case "object":
            found = {"doMat": "MẬT", **dict(zip(HEADERS, rows[0], strict=True))}
            (folder / "1.json").write_text(json.dumps([found], ensure_ascii=False), "utf-8")
            return objects()
        case "document":
            parts = {"word/document.xml": f"<w:p><w:t>MẬT</w:t></w:p>{CONTENT}".encode()}
            (folder / "1.docx").write_bytes(bombs.package(parts))
            return csv_feed(connector=dropped("so_a/*"), layout={"format": "document"})
    return texts()


@pytest.mark.parametrize(
    "how",
    ["name", "first line", "first line of an old font", "sheet", "member", "object", "document"],
)
def test_a_marked_file_leaves_no_content_anywhere(
    how: str, tmp_path: Path, drop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    entry = _marked(drop / "so_a", how)
    write_csv(drop / "so_a" / "2.khac", good(2))  # what lies beside it is not taken either
    bench = Bench.of(tmp_path, entry)
    report = bench.deliver()
    assert report.outcome == "marked_secret"
    assert re.fullmatch(
        r"1 of 2 files carry the marking (MẬT|TỐI MẬT|TUYỆT MẬT), of a state secret: nothing of "
        r"the delivery was kept\. .*",
        report.detail["problem"],
    )
    digests = set(hashes(drop).values())
    for kept in (*_texts(bench.deployment.home.root), caplog.text, json.dumps(bench.detail())):
        assert CONTENT not in kept
        assert "Phương án" not in kept
        assert not any(digest in kept for digest in digests)
    assert not (bench.deployment.home.landing / bench.entry.id).exists()


def test_words_that_only_contain_the_syllable_are_no_marking(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, texts())
    rows = [("K001", "Trịnh Thị Bí Mật", "1", "15/11/2026"), ("K002", "Mật", "2", "15/11/2026")]
    write_csv(drop / "so_a" / "MẬT ĐỘ dân số, bảo mật.csv", rows)
    assert bench.deliver().outcome == "accepted"


def _texts(root: Path) -> Iterator[str]:
    """Every file below, as text in each way that content could stand in it."""
    for path in root.rglob("*"):
        if path.is_file():
            yield path.as_posix()
            content = path.read_bytes()
            yield content.decode("utf-8", errors="ignore")
            yield content.decode("utf-16-le", errors="ignore")


# --- bytes of chance ------------------------------------------------------------------------------

OUTCOMES = {"accepted", "partly_accepted", "below_floor", "structure_mismatch", "unreadable"}
FEEDS = {"zip": in_archive, "xlsx": sheets, "csv": texts, "json": objects, "parquet": columnar}


def _real(kind: str, folder: Path) -> bytes:
    folder.mkdir(exist_ok=True)
    match kind:
        case "zip":
            return bombs.package({"a.csv": CSV.encode(), "b.csv": CSV.encode()})
        case "xlsx":
            return write_xlsx(folder / "real.xlsx", good(20)).read_bytes()
        case "csv":
            return write_csv(folder / "real.csv", good(20)).read_bytes()
        case "json":
            rows = [dict(zip(HEADERS, row, strict=True)) for row in good(20)]
            return json.dumps(rows, ensure_ascii=False).encode()
        case _:
            return parquet(lambda whole: whole)


@pytest.mark.parametrize("kind", FEEDS)
def test_any_bytes_come_to_an_outcome_and_never_to_our_end(
    kind: str, tmp_path: Path, drop: Path
) -> None:
    """Random bytes, and a real file with bytes changed, cut out or put in."""
    real = _real(kind, tmp_path / "real")
    bench = Bench.of(tmp_path, FEEDS[kind]())
    (drop / "so_a").mkdir()
    nights = iter(range(10_000))
    found: set[str] = set()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.binary(max_size=2_000)
        | st.builds(
            lambda at, put, cut: real[:at] + put + real[at + cut :],
            st.integers(0, len(real)),
            st.binary(max_size=40),
            st.integers(0, 60),
        )
    )
    def check(content: bytes) -> None:
        (drop / "so_a" / "tep").write_bytes(content)
        report = bench.deliver(NIGHT + next(nights) * DAY / 1000)
        found.add(report.outcome)
        assert report.outcome in {*OUTCOMES, "seen_before", "no_news", "error"}, report.detail
        assert report.outcome != "error", report.detail

    check()
    assert found & {"unreadable", "structure_mismatch"}
