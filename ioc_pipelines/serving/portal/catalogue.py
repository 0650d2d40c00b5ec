"""The catalogue: every published table, its contract, columns, owners, and how to take it along."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from ioc_pipelines.home import table_name
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.contract_form import form_of
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params, Row
from ioc_pipelines.serving.portal.exports import XLSX_MOST_ROWS, is_permitted

SCHEMAS = ("marts", "staging", "core", "quality")
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,80}$")]
_COLUMNS = """
select column_name, lower(data_type) as data_type from duckdb_columns()
where schema_name = $schema and table_name = $table and not internal order by column_index
"""
# rows before the column "_feed" are the contract's; after it follow the places of the row
_LINEAGE_COLUMNS = {
    "_feed": "Nguồn cung cấp · Feed",
    "_batch_id": "Lô dữ liệu · Batch",
    "_file": "Tệp · File",
    "_sheet": "Trang tính · Sheet",
    "_row": "Dòng trong tệp · Row in the file",
    "_recorded_at": "Thời điểm ghi nhận · When this version was accepted",
    "_is_carried_forward": "Giữ từ lần trước · Kept from an earlier delivery",
}


class Catalogue(Params):
    """``find``: only what has this text in its name or title."""

    find: Annotated[str, StringConstraints(max_length=100)] = ""


class Table(Params):
    """Which published table."""

    schema_name: TableName
    table: TableName


def catalogue(asked: Asked, given: Catalogue) -> dict[str, Any]:
    """What the page of all tables shows."""
    rows = asked.snapshot.manifest.rows
    wanted = given.find.casefold()
    listed = [_listed(asked, name, count) for name, count in rows.items()]
    listed = [one for one in listed if not wanted or wanted in one["search"]]
    listed.sort(key=lambda one: (vietnamese.order(one["title_vi"]), one["name"]))
    return {
        "find": given.find,
        "schemas": [
            (schema, [one for one in listed if one["schema"] == schema]) for schema in SCHEMAS
        ],
        "unpublished": _unpublished(asked) if not wanted else [],
        "bytes": asked.snapshot.manifest.bytes,
        "sha256": asked.snapshot.manifest.sha256,
    }


def table(asked: Asked, given: Table) -> dict[str, Any]:
    """What the page of one table shows. Raises NotThereError."""
    name = f"{given.schema_name}.{given.table}"
    count = asked.snapshot.manifest.rows.get(name)
    if count is None:
        raise NotThereError(f"Không có bảng {name}.", f"There is no table {name}.")
    form = _contract(asked, name)
    columns = asked.rows(_COLUMNS, schema=given.schema_name, table=given.table)
    texts = described(asked, name)
    return {
        **_listed(asked, name, count),
        "columns": [c | {"text": texts.get(c["column_name"], "")} for c in columns],
        "form": form_of(form) if form else None,
        "owners": _owners(asked, form.info().dataset) if form else [],
        "xlsx_most_rows": XLSX_MOST_ROWS,
        "is_mart": given.schema_name == "marts",
    }


def _listed(asked: Asked, name: str, count: int) -> Row:
    schema, _, table = name.partition(".")
    form = _contract(asked, name)
    if form:
        info = form.info()
        description = f"{info.title_vi} · {info.title_en}"
    else:
        text = asked.shelf.tables.get(name)
        description = text.description if text else table.replace("_", " ")
    title, _, rest = description.partition(" · ")
    return {
        "schema": schema,
        "table": table,
        "name": name,
        "rows": count,
        "title_vi": title,
        "title_en": rest.partition(". Grain")[0] or title,
        "grain": description.partition("Grain: ")[2],
        "permitted": is_permitted(asked.shelf.catalog, schema, table),
        "search": f"{name} {description}".casefold(),
    }


def _contract(asked: Asked, name: str) -> Any:
    schema, _, table = name.partition(".")
    if schema != "staging":
        return None
    return asked.shelf.catalog.contracts.get(table.replace("__", ".", 1))


def described(asked: Asked, name: str) -> dict[str, str]:
    """What the columns of a published table are called, ``vi · en``."""
    form = _contract(asked, name)
    if form is None:
        text = asked.shelf.tables.get(name)
        return dict(text.columns) if text else {}
    columns = {n: f"{c.title} · {c.description}" for n, c in form.columns().items()}
    return columns | _LINEAGE_COLUMNS


def _owners(asked: Asked, dataset: str) -> list[Row]:
    return asked.rows(
        "select * from quality.coverage where dataset = $dataset order by feed", dataset=dataset
    )


def _unpublished(asked: Asked) -> list[Row]:
    """Datasets of the profile whose rows are not published, and what is published of them."""
    published = asked.snapshot.manifest.rows
    supplied = {entry.feed.dataset for entry in asked.shelf.catalog.active}
    return [
        {"title_vi": info.title_vi, "title_en": info.title_en, "publish": info.publish}
        for info in (c.info() for c in asked.shelf.catalog.contracts.values())
        if info.dataset in supplied and f"staging.{table_name(info.dataset)}" not in published
    ]
