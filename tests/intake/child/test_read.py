"""What another process read is what this one would have read; what it may not, it cannot."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from ioc_pipelines.catalog.layouts import CsvLayout, JsonLayout, Layout, XlsxLayout
from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.home import PROJECT
from ioc_pipelines.intake.child import readers
from ioc_pipelines.intake.child.read import cells_of, read_files, stored_cells
from ioc_pipelines.intake.child.readers import Ended, ReaderFailedError
from ioc_pipelines.intake.errors import (
    OversizedFileError,
    StructureMismatchError,
    UnreadableFileError,
)
from ioc_pipelines.intake.layout.read import Part
from ioc_pipelines.intake.layout.stored import CellAt, Stored
from ioc_pipelines.intake.layout.table import Wanted
from tests.intake.child.reading import read_here

LIMITS = ReadingLimits()
CSV = CsvLayout(format="csv", delimiter=";")
WANTED = [Wanted("Mã"), Wanted("Số", others=("Số lượng",), optional=True)]


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


def csv_file(path: Path, rows: int, header: str = "Mã;Số") -> tuple[str, Path]:
    path.write_text("\n".join([header, *(f"{n:02d};{n}" for n in range(rows))]), encoding="utf-8")
    return path.name, path


def compared(layout: Layout, files: list[tuple[str, Path]]) -> list[Part]:
    """The parts of files, read in another process, which must be those read in this one."""
    there = list(read_files(layout, WANTED, files, LIMITS))
    here = list(read_here(layout, WANTED, files, LIMITS))
    assert [number for number, _ in there] == [number for number, _ in here]
    for (_, one), (_, other) in zip(there, here, strict=True):
        assert (one.name, one.files) == (other.name, other.files)
        assert str(one.refused) == str(other.refused)
        assert type(one.refused) is type(other.refused)
        for a, b in zip(one.tables, other.tables, strict=True):
            assert (a.frame.schema, a.found, a.keys, a.letters) == (
                b.frame.schema,
                b.found,
                b.keys,
                b.letters,
            )
            assert a.frame.equals(b.frame)
            assert (a.totals is None) == (b.totals is None)
            assert a.totals is None or (b.totals is not None and a.totals.equals(b.totals))
    return [part for _, part in there]


def test_delimited_text_reads_alike(tmp_path: Path) -> None:
    files = [csv_file(tmp_path / f"{n}.csv", rows=n) for n in range(4)]
    parts = compared(CSV, files)
    assert [part.tables[0].frame.height for part in parts] == [0, 1, 2, 3]


def test_a_worksheet_with_totals_and_wide_columns_reads_alike(tmp_path: Path) -> None:
    path = tmp_path / "1.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Biểu")
        for number, row in enumerate(
            [("Mã", "Số"), ("01", 5), ("02", 6.5), ("03", "7.500"), ("Cộng", 19)]
        ):
            sheet.write_row(number, 0, row)
    layout = XlsxLayout(
        format="xlsx",
        sheet=".",
        totals=({"rows": "^Cộng", "parts": "all"},),
        captures={"t": {"where": "sheet", "pattern": "B.*"}},
    )
    (part,) = compared(layout, [("1.xlsx", path)])
    (table,) = part.tables
    assert table.frame["Số"].struct.field("number").to_list() == [5, 6.5, None]
    assert table.totals is not None
    assert table.totals["_parts"].to_list() == [[2, 3, 4]]


def test_json_with_halves_of_characters_and_refused_files_read_alike(tmp_path: Path) -> None:
    for name, text in {
        "1.json": '[{"Mã": "Đông", "Số": 1}]',
        "2.json": '[{"Mã": "\\ud800"}]',
        "3.json": "[",
        "4.json": '[{"M": 1}]',
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [(path.name, path) for path in sorted(tmp_path.glob("*.json"))]
    parts = compared(JsonLayout(format="json"), files)
    kinds = [type(part.refused) for part in parts]
    assert kinds == [type(None), UnreadableFileError, UnreadableFileError, StructureMismatchError]


def test_cells_and_what_is_stored_in_them_come_back(tmp_path: Path) -> None:
    name, path = csv_file(tmp_path / "1.csv", 3)
    at = CellAt(name, None, 3, ("Số",), "B")
    gone = CellAt(name, None, 3, ("Số",), "Z")
    assert stored_cells(CSV, path, name, [gone, at], LIMITS) == {at: Stored("1")}
    book = tmp_path / "1.xlsx"
    with xlsxwriter.Workbook(book) as made:
        made.add_worksheet("Biểu").write_row(0, 0, ["a", 2])
    found = cells_of(book, "1.xlsx", "Biểu", 10**9, LIMITS)
    assert found is not None
    assert (found[0].rows(), found[1].rows()) == ([("a", "2")], [(None, 2.0)])
    assert cells_of(book, "1.xlsx", "Khác", 10**9, LIMITS) is None
    with pytest.raises(UnreadableFileError, match=r"1\.csv: not a workbook"):
        cells_of(path, name, "Biểu", 10**9, LIMITS)
    with pytest.raises(OversizedFileError):
        cells_of(book, "1.xlsx", "Biểu", 100, LIMITS)


def test_what_was_handed_over_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    compared(CSV, [csv_file(tmp_path / "1.csv", 3)])
    assert list((tmp_path / "tmp").iterdir()) == []


# --- limits ---------------------------------------------------------------------------------------

# what a hostile file may make of its reader; each is done in a child by a task of the test's own
SERVER = """
import sys, time, socket, os, subprocess
from ioc_pipelines.intake.child import server, tasks

def hostile(outbox, number, request, path, name):
    what = path.read_text()
    if what == "memory":
        held = [bytearray(64 * 1024**2) for _ in range(1_000)]
    if what == "panic of memory":
        import polars as pl
        pl.int_range(0, 10**10, eager=True).sum()
    if what == "cpu":
        while True: pass
    if what == "asleep":
        time.sleep(600)
    if what == "written":
        with open(path.parent / "written", "wb") as file:
            while True: file.write(bytes(1024**2))
    if what == "files":
        held = [open(path) for _ in range(1_000)]
    if what == "killed":
        os.kill(os.getpid(), 11)
    if what == "our defect":
        raise KeyError("a value of a cell")
    if what == "connect":
        socket.create_connection(("127.0.0.1", 1))
    if what == "program":
        subprocess.run(["true"])
    if what == "environment":
        outbox.tell({"file": number, "found": sorted(os.environ)})
    if what == "threads":
        outbox.tell({"file": number, "found": len(os.listdir("/proc/%d/task" % os.getppid()))})
    if what == "sockets":
        paths = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        links = [os.readlink(path) for path in paths if os.path.exists(path)]
        found = [link for link in links if link.startswith("socket")]
        outbox.tell({"file": number, "found": found})

tasks.TASKS = {**tasks.TASKS, "hostile": hostile}
server.main()
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Have hostile work done; the outcome of each piece, in order."""
    code = tmp_path / "hostile_server.py"
    code.write_text(SERVER, encoding="utf-8")
    real = subprocess.Popen

    def popen(command: list[str], **how: Any) -> Any:
        how["env"] = {**how["env"], "PYTHONPATH": str(PROJECT)}
        return real([sys.executable, "-P", str(code)], **how)

    own = readers.Readers()
    monkeypatch.setattr(readers, "_readers", own)
    monkeypatch.setattr(subprocess, "Popen", popen)

    def outcomes(*works: str, **limits: int) -> list[Any]:
        files = []
        for number, work in enumerate(works):
            path = tmp_path / f"{number}"
            path.write_text(work)
            files.append((work, path))
        asked = readers.Request("hostile", files, {}, ReadingLimits.model_validate(limits))
        found: list[Any] = [None] * len(works)
        for number, _, line in readers.done(asked):
            found[number] = line["refused"]["reason"] if "refused" in line else line["found"]
        return found

    yield outcomes
    own.stop()


@pytest.mark.parametrize(
    ("work", "limits", "reason"),
    [
        ("memory", {}, "takes more than 512 MiB of memory to read"),
        ("panic of memory", {}, "takes more than 512 MiB of memory to read"),
        ("cpu", {"cpu_s": 1}, "takes more than 1 s of processor time to read"),
        ("asleep", {"wall_s": 1}, "not read within 1 s"),
        ("written", {"written_mb": 16}, "unpacks to more than 16 MiB"),
    ],
)
def test_what_breaks_a_limit_is_refused_with_it_and_the_next_file_is_read(
    hostile: Any, work: str, limits: dict[str, int], reason: str
) -> None:
    first, *others = hostile(work, "threads", **{"memory_mb": 512, **limits})
    (setting,) = limits or ["memory_mb"]
    assert first == f"{reason}: if the file is in order, raise reading.{setting} in the profile"
    assert others == [2], "two threads: main, and one of polars that waits"


def test_a_reader_that_is_killed_broke_down(hostile: Any) -> None:
    (reason,) = hostile("killed")
    assert reason == "damaged, or made to do harm: its reader broke down (SIGSEGV)"


def test_after_three_that_break_it_the_rest_is_not_read(hostile: Any) -> None:
    found = hostile("killed", "environment", "killed", "killed", "environment")
    assert isinstance(found[1], list)
    assert found[4] == "not read: 3 files before it broke the limits of reading"


def test_a_defect_of_ours_is_told_by_its_kind_and_place_and_never_by_a_value(hostile: Any) -> None:
    with pytest.raises(ReaderFailedError) as caught:
        hostile("our defect")
    assert caught.value.kind == "KeyError"
    assert caught.value.at[-1].startswith("intake/child/tasks.py:")
    assert "cell" not in str(caught.value)


def test_too_many_open_files_are_an_error_of_the_machine(hostile: Any) -> None:
    with pytest.raises(OSError, match="Too many open files"):
        hostile("files")


@pytest.mark.parametrize("work", ["connect", "program"])
def test_neither_the_network_nor_another_program_is_reached(hostile: Any, work: str) -> None:
    (reason,) = hostile(work)
    assert reason == "damaged, or made to do harm: its reader broke down (NotAllowedError)"


def test_a_reader_knows_no_address_and_no_secret(
    hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IOC_LGSP_CLIENT_SECRET", "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@proxy")
    (names,) = hostile("environment")
    assert set(names) <= {*readers._KNOWN, "PYTHONPATH", "_RJEM_MALLOC_CONF", "LC_CTYPE"}


def test_a_reader_has_no_socket_of_ours(hostile: Any) -> None:
    with socket.socket() as ours:
        os.set_inheritable(ours.fileno(), True)
        assert hostile("sockets") == [[]]


def test_the_network_is_cut_off_where_the_kernel_lets_us(ends: list[Ended], tmp_path: Path) -> None:
    compared(CSV, [csv_file(tmp_path / "1.csv", 1)])
    probe = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False)
    if probe.returncode == 0:
        assert ends[0].cut_off


def test_a_process_that_ended_takes_its_readers_along(tmp_path: Path) -> None:
    """Nobody is left when a refresh is killed in the midst of reading."""
    code = tmp_path / "parent.py"
    code.write_text(
        "from ioc_pipelines.intake.child import readers\n"
        "server = readers._Server()\n"
        "print(server._process.pid, flush=True)\n"
        "import time; time.sleep(60)\n",
        encoding="utf-8",
    )
    parent = subprocess.Popen(
        [sys.executable, str(code)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{server}").exists() and "Z" not in _state(server):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return "Z"


def test_many_threads_have_their_files_read_side_by_side(tmp_path: Path) -> None:
    files = [csv_file(tmp_path / f"{n}.csv", n) for n in range(12)]

    def height(file: tuple[str, Path]) -> int:
        ((_, part),) = read_files(CSV, WANTED, [file], LIMITS)
        return part.tables[0].frame.height

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(height, files)) == list(range(12))
    assert threading.active_count() < 12


def test_a_table_without_a_row_keeps_its_columns(tmp_path: Path) -> None:
    ((_, part),) = read_files(CSV, WANTED, [csv_file(tmp_path / "1.csv", 0)], LIMITS)
    frame = part.tables[0].frame
    assert (frame.height, frame.schema["Mã"]) == (0, pl.String)
