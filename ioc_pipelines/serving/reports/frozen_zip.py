"""Office files whose bytes depend on their content only: no clock goes into the archive."""

from __future__ import annotations

import io
import zipfile

_FIRST = (1980, 1, 1, 0, 0, 0)


def frozen(archive: bytes) -> bytes:
    """The same entries in the same order, without the time of writing."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as given,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written,
    ):
        for entry in given.infolist():
            kept = zipfile.ZipInfo(entry.filename, _FIRST)
            kept.compress_type = zipfile.ZIP_DEFLATED
            kept.external_attr = 0o600 << 16
            written.writestr(kept, given.read(entry))
    return made.getvalue()
