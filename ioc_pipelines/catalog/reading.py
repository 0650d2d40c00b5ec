"""What reading a file of an agency may cost; a profile may state other limits."""

from __future__ import annotations

from pydantic import Field

from ioc_pipelines.catalog.connectors import Strict


class ReadingLimits(Strict):
    """Limits of the process that reads a delivery's files; each file has its own time."""

    memory_mb: int = Field(
        default=4096, ge=512, description="Memory it may ask for, in MiB, for all files together"
    )
    cpu_s: int = Field(default=120, ge=1, description="Processor time for one file, in seconds")
    wall_s: int = Field(
        default=300, ge=1, description="Time by the clock for one file, in seconds: a hung disk"
    )
    written_mb: int = Field(
        default=4096, ge=16, description="Largest file it may write, in MiB: what is unpacked"
    )
