"""Files made to do harm: small on the disk, large in memory; made here, none is kept."""

# ruff: noqa: E501  XML is written as it stands
from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

MB, _SMALL = 1024**2, 2_000
_SHEET_HEAD = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
_SHEET_TAIL = b"</sheetData></worksheet>"


def deflated(size_mb: int, fill: bytes = b"0", head: bytes = b"", tail: bytes = b"") -> bytes:
    """A raw deflate stream of ``head``, so many MiB of ``fill``, and ``tail``: made in no time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(fill * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * size_mb + packer.compress(tail) + packer.flush()


def zip_of(*members: tuple[str, bytes, int], overlapping: int = 1) -> bytes:
    """A ZIP of deflated members, each with the size it declares; of bombs no checksum is true.

    ``overlapping``: so many names for each member's one place.
    """
    file, directory, count = io.BytesIO(), io.BytesIO(), 0
    for name, packed, declared in members:
        at, shown = file.tell(), name.encode()
        is_small = len(packed) < _SMALL
        checksum = zlib.crc32(zlib.decompress(packed, -15)) if is_small else 0
        sizes = struct.pack("<LLL", checksum, len(packed), min(declared, 0xFFFFFFFE))
        file.write(b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes)
        file.write(struct.pack("<HH", len(shown), 0) + shown + packed)
        for number in range(overlapping):
            also = shown if overlapping == 1 else f"{number:05d}{name}".encode()
            directory.write(b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33) + sizes)
            directory.write(struct.pack("<HHHHHLL", len(also), 0, 0, 0, 0, 0, at) + also)
            count += 1
    start, listed = file.tell(), directory.getvalue()
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(listed), start, 0)
    return file.getvalue() + listed + b"PK\x05\x06" + end


def gzip_of(size_mb: int) -> bytes:
    """A gzip file of so many MiB of zeros."""
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + deflated(size_mb) + struct.pack("<LL", 0, size_mb * MB)


def workbook(sheet: bytes, shared: bytes = b"<sst/>", **more: bytes) -> bytes:
    """An XLSX package with one sheet, *Biểu*, of this XML."""
    return package({**workbook_parts(sheet, shared), **more})


def package(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP of these parts, all true."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


def workbook_parts(sheet: bytes, shared: bytes = b"<sst/>") -> dict[str, bytes]:
    """The parts of an XLSX package, by name."""
    kinds = "http://schemas.openxmlformats.org"
    return {
        "[Content_Types].xml": f'<Types xmlns="{kinds}/package/2006/content-types"/>'.encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship Id="rId1" Type="{kinds}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ).encode(),
        "xl/workbook.xml": (
            f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" xmlns:r="{kinds}/officeDocument/2006'
            '/relationships"><sheets><sheet name="Biểu" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship Id="rId1" Type='
            f'"{kinds}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{kinds}/officeDocument/2006/relationships/sharedStrings" '
            'Target="sharedStrings.xml"/></Relationships>'
        ).encode(),
        "xl/sharedStrings.xml": shared,
        "xl/worksheets/sheet1.xml": sheet,
    }


def sheet(*rows: bytes) -> bytes:
    """The XML of a worksheet of these rows."""
    return _SHEET_HEAD + b"".join(rows) + _SHEET_TAIL


def bomb_of_a_workbook(size_mb: int, declared: int | None = None) -> bytes:
    """A workbook whose sheet unpacks to so many MiB of spaces, and may declare another size."""
    packed = deflated(size_mb, b" ", _SHEET_HEAD, _SHEET_TAIL)
    parts = workbook_parts(b"")
    members = [(name, _raw(content), len(content)) for name, content in parts.items() if content]
    size = size_mb * MB + len(_SHEET_HEAD + _SHEET_TAIL) if declared is None else declared
    return zip_of(*members, ("xl/worksheets/sheet1.xml", packed, size))


def _raw(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def million_columns() -> bytes:
    """A row of a million cells, by letters that no office program knows."""
    cells = (f'<c r="{_letters(i)}1"><v>1</v></c>' for i in range(1_000_000))
    return workbook(sheet(b'<row r="1">' + "".join(cells).encode() + b"</row>"))


def far_corner() -> bytes:
    """Two cells, and seventeen thousand million empty ones between them."""
    return workbook(
        sheet(
            b'<row r="1"><c r="A1"><v>1</v></c></row>',
            b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        )
    )


def _letters(index: int) -> str:
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return letters


LAUGHS = (
    b'<!DOCTYPE sst [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]>"
)
