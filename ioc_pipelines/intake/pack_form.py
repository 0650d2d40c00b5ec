"""The form of a feedback pack: its sheets, headings, marks and size."""

from __future__ import annotations

from collections.abc import Collection

ROWS_SHEET, GUIDE_SHEET = "Cần sửa", "Hướng dẫn"
TICKET_HEADER = "Mã phiếu"
FIXED_HEADERS = (
    TICKET_HEADER,
    "Tệp",
    "Trang tính",
    "Dòng",
    "Nội dung cần sửa",
    "Yêu cầu",
    "Quy tắc",
)
# where a row stands in the agency's file; like the ticket not to be edited
PLACE_HEADERS = dict(zip(("_at_file", "_at_sheet", "_at_row"), FIXED_HEADERS[1:4], strict=True))
FEED_FACT, BATCH_FACT, CONTRACT_FACT = "ioc.feed", "ioc.batch", "ioc.contract"
MASK = "•••"
MOST_ROWS = 50_000
# a cell holds 32,767 UTF-16 units, of which a character takes one or two
MOST_CHARACTERS = 16_000


def is_pack_header(headings: Collection[str]) -> bool:
    """Whether a row of cells is the header of a pack, which no table of an agency has."""
    return TICKET_HEADER in headings and FIXED_HEADERS[-1] in headings
