"""The dbt properties that follow from the contracts: sources, staging columns, grain tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import yaml

from contracts.base import Contract
from ioc_pipelines.home import table_name

HEADER = "# Generated from contracts/ by `ioc contracts generate`. Do not edit.\n"
_PROVENANCE = {
    "_feed": "Nguồn cung cấp · Feed that supplied the row",
    "_batch_id": "Lô dữ liệu · Batch the row came in",
    "_file": "Tệp · File the row stood in",
    "_sheet": "Trang tính · Sheet or JSON path the row stood in",
    "_row": "Số dòng · Row number in that file or sheet",
    "_corrections": "Lỗi đã biết · Known errors of the row that were corrected or flagged",
    "_recorded_at": "Thời điểm ghi nhận · When this version of the row was accepted",
    "_is_carried_forward": "Giữ từ lần trước · Last good row of a key whose newer was refused",
}
# batches that an older version of the contract accepted have other columns
_LOCATION = (
    "read_parquet('{{ env_var('IOC_ACCEPTED', '/tmp') }}/{name}/batches/*.parquet', "
    "union_by_name = true)"
)


def dbt_properties(contracts: Mapping[str, type[Contract]]) -> str:
    """YAML for ``dbt_project/models/staging/_contracts.yml``."""
    listed = list(contracts.values())
    properties = {
        "version": 2,
        "sources": [
            {
                "name": "accepted",
                "description": "Rows that met their contract, one file per batch.",
                "meta": {"external_location": _LOCATION},
                "tables": [_source(contract) for contract in listed],
            },
        ],
        "models": [_staging(contract) for contract in listed],
    }
    text = yaml.safe_dump(properties, allow_unicode=True, sort_keys=False, width=100)
    return HEADER + text


def _source(contract: type[Contract]) -> dict[str, Any]:
    info = contract.info()
    return {
        "name": table_name(info.dataset),
        "description": f"{info.title_vi} · {info.title_en}",
        "meta": {
            "dataset": info.dataset,
            "contract_version": info.version,
            "load_mode": info.load_mode,
            "key": list(info.key),
            "publish": info.publish,
        },
        "columns": _columns(contract, with_personal=True),
    }


def _staging(contract: type[Contract]) -> dict[str, Any]:
    info = contract.info()
    published = info.publish == "rows"
    return {
        "name": table_name(info.dataset),
        "description": f"{info.title_vi} · {info.title_en}. Grain: {info.grain}. {info.basis}.",
        "config": {"database": "ioc" if published else "work"},
        "data_tests": [{"unique_key": {"arguments": _grain(contract)}}],
        "columns": [
            *_columns(contract, with_personal=not published),
            *({"name": n, "description": text} for n, text in _PROVENANCE.items()),
        ],
    }


def _grain(contract: type[Contract]) -> dict[str, list[str]]:
    columns = contract.columns()
    nullable = [name for name in contract.info().key if columns[name].nullable]
    grain = {"columns": list(contract.info().key)}
    return {**grain, "where_nullable": nullable} if nullable else grain


def _columns(contract: type[Contract], *, with_personal: bool) -> list[dict[str, Any]]:
    personal = contract.personal_columns()
    return [
        {
            "name": name,
            "description": f"{col.title} · {col.description}",
            "data_type": sql_type(col.dtype.type),
            "meta": {
                "unit": (col.metadata or {}).get("unit"),
                "personal": name in personal,
            },
        }
        for name, col in contract.columns().items()
        if with_personal or name not in personal
    ]


def sql_type(dtype: pl.DataType) -> str:
    """The warehouse's name of a column type."""
    if dtype == pl.String:
        return "varchar"
    if dtype.is_integer():
        return "bigint"
    if dtype.is_float():
        return "double"
    if dtype == pl.Date:
        return "date"
    if isinstance(dtype, pl.Datetime):
        return "timestamp"
    return "boolean" if dtype == pl.Boolean else str(dtype).lower()
