"""Why a file could not become a table. The message names file, sheet, place and what to do."""

from __future__ import annotations


class FileRefusedError(Exception):
    """A file that is not taken; ``reason`` is for the operator and holds no cell values."""

    outcome: str

    def __init__(self, file: str, reason: str) -> None:
        """Take the file's name and the reason."""
        self.file, self.reason = file, reason
        super().__init__(f"{file}: {reason}")


class UnreadableFileError(FileRefusedError):
    """The bytes are not what the layout says: truncated, corrupt, another format."""

    outcome = "unreadable"


class OversizedFileError(UnreadableFileError):
    """Larger, unpacked or in memory, than any table of an agency: not read to its end."""


class StructureMismatchError(FileRefusedError):
    """The file is readable but its table is not the one the feed was connected to."""

    outcome = "structure_mismatch"
