"""How a feed says where its source is. Addresses and secrets are names of environment variables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Strict(BaseModel):
    """Base of catalog models: an unknown field is an error, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FilesConnector(Strict):
    """A folder that an agency drops files into."""

    kind: Literal["files"]
    root_env: EnvironmentName = Field(description="Environment variable with the folder's path")
    pattern: str = Field(description="Glob below that folder, e.g. `so_y_te/*.csv`")


class SqlConnector(Strict):
    """A table of an agency's database, read by a watermark column."""

    kind: Literal["sql"]
    url_env: EnvironmentName = Field(description="Environment variable with the SQLAlchemy URL")
    table: str
    watermark: str = Field(description="Column that grows with every change of a row")


Connector = Annotated[FilesConnector | SqlConnector, Field(discriminator="kind")]
