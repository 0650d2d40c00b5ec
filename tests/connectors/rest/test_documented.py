"""Every example of docs/connectors.md is a connector and a layout that can be loaded."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from ioc_pipelines.catalog.connectors import Connector, Envelope
from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.connectors.rest.lgsp import ENVELOPE
from ioc_pipelines.home import PROJECT

TEXT = (PROJECT / "docs" / "connectors.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
FEEDS = [example for example in EXAMPLES if "connector" in example]


@pytest.mark.parametrize("example", FEEDS, ids=lambda e: str(e["connector"]["kind"]))
def test_an_example_can_be_loaded(example: dict[str, Any]) -> None:
    connector: Any = TypeAdapter(Connector).validate_python(example["connector"])
    layout: Any = TypeAdapter(Layout).validate_python(example["layout"])
    if connector.kind == "rest":
        assert ".".join(layout.path) == connector.envelope.records
    if connector.kind == "lgsp":
        assert ".".join(layout.path) == ENVELOPE.records


def test_every_kind_has_an_example() -> None:
    kinds = [example["connector"]["kind"] for example in FEEDS]
    assert kinds == ["files", "sftp", "sql", "rest", "lgsp", "rest"]


def test_the_envelope_of_lgsp_is_the_documented_one() -> None:
    (shown,) = (example for example in EXAMPLES if "connector" not in example)
    told = Envelope.model_validate(shown)
    assert told.model_dump(exclude={"errors", "token_ended"}) == ENVELOPE.model_dump(
        exclude={"errors", "token_ended"}
    )
    assert [str(code) for code in told.token_ended] == list(ENVELOPE.token_ended)
