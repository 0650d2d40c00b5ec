"""JSON Schema of the catalog files, so that editors complete and check them."""

from __future__ import annotations

import json

from pydantic import BaseModel

from ioc_pipelines.catalog.corrections import Corrections
from ioc_pipelines.catalog.models import Agency, Profile
from ioc_pipelines.catalog.reports import Reports


def catalog_schemas() -> dict[str, str]:
    """File name below ``sources/`` to its JSON Schema text."""
    return {
        "agency.schema.json": _schema(Agency),
        "corrections.schema.json": _schema(Corrections),
        "profile.schema.json": _schema(Profile),
        "reports.schema.json": _schema(Reports),
    }


def _schema(model: type[BaseModel]) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
