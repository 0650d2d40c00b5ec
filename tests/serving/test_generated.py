"""What is generated from the contracts: dbt properties and JSON schemas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import jsonschema  # type: ignore[import-untyped]
import polars as pl
import pytest
import yaml

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import null_share
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.home import DBT_PROJECT, PROJECT, SOURCES
from ioc_pipelines.serving import contract_facts as facts
from ioc_pipelines.serving import generated
from ioc_pipelines.serving.dbt_sources import HEADER, dbt_properties

STAGING = DBT_PROJECT / "models" / "staging"
PROPERTIES = STAGING / "_contracts.yml"


def info(publish: Any) -> ContractInfo:
    return ContractInfo(
        dataset=f"test.people_{publish}",
        version="2.1.0",
        title_vi="Người",
        title_en="People",
        grain="one row per number and day",
        key=("number", "born_on"),
        load_mode="append",
        publish=publish,
        basis="a test",
    )


class _People(Contract):
    number: int = column(vi="Số", en="Number", unit="người")
    born_on: pl.Date = column(vi="Ngày sinh", en="Born on", personal=True)
    share: float = column(vi="Tỷ lệ", en="Share", nullable=True)
    seen_at: pl.Datetime("us") = column(vi="Lúc", en="At")  # type: ignore[valid-type]
    name: str = column(vi="Họ tên", en="Name", personal=True)
    alive: bool = column(vi="Còn sống", en="Alive")


class Rows(_People):
    __contract__ = info("rows")


class Aggregate(_People):
    __contract__ = info("aggregate")


class Nothing(_People):
    __contract__ = info("none")


def parsed(*contracts: type[Contract]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Source tables and models by name, as dbt would read the generated text."""
    named = {contract.info().dataset: contract for contract in contracts}
    document = yaml.safe_load(dbt_properties(named or all_contracts()))
    (source,) = document["sources"]
    return (
        {table["name"]: table for table in source["tables"]},
        {model["name"]: model for model in document["models"]},
    )


def names(node: dict[str, Any]) -> list[str]:
    return [col["name"] for col in node["columns"]]


# -- fresh ----------------------------------------------------------------------------------------


def test_every_generated_file_is_fresh() -> None:
    files = generated.generated_files()
    assert set(files) == {
        PROPERTIES,
        SOURCES / "agency.schema.json",
        SOURCES / "corrections.schema.json",
        SOURCES / "profile.schema.json",
        SOURCES / "reports.schema.json",
    }
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, path
    assert generated.stale_files() == []


def test_a_stale_or_missing_file_is_named_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, stale, missing = (tmp_path / name for name in ("fresh", "stale", "missing"))
    fresh.write_text("a", encoding="utf-8")
    stale.write_text("cũ", encoding="utf-8")
    wanted = {fresh: "a", stale: "mới", missing: "b"}
    monkeypatch.setattr(generated, "PROJECT", tmp_path)
    monkeypatch.setattr(generated, "generated_files", lambda: wanted)
    version = tmp_path / "contracts" / "versions" / "a.b" / "1.0.0.json"
    monkeypatch.setattr(generated, "to_store", lambda _, folder: {folder / "a.b/1.0.0.json": "{}"})
    assert generated.stale_files() == ["stale", "missing"]
    written = generated.generate()
    assert written == ["stale", "missing", version.relative_to(tmp_path).as_posix()]
    assert {path: path.read_text(encoding="utf-8") for path in wanted} == wanted
    assert version.read_text(encoding="utf-8") == "{}"
    assert generated.stale_files() == []
    assert {path.name for path in tmp_path.iterdir()} == {"fresh", "stale", "missing", "contracts"}


def test_a_changed_contract_makes_the_file_stale() -> None:
    known = PROPERTIES.read_text(encoding="utf-8")
    assert dbt_properties(all_contracts()) == known
    more = dbt_properties({**all_contracts(), Rows.info().dataset: Rows})
    assert more != known
    assert "test__people_rows" in more


def test_the_project_is_in_order() -> None:
    assert facts.check_project() == []


# -- dbt properties -------------------------------------------------------------------------------


def test_sources_and_models_are_the_contracts() -> None:
    sources, models = parsed()
    contracts = {c.info().dataset.replace(".", "__"): c for c in all_contracts().values()}
    assert len(contracts) >= 14
    assert set(sources) == set(models) == set(contracts)
    for name, contract in contracts.items():
        assert names(sources[name]) == list(contract.polars_schema()), name
        meta = sources[name]["meta"]
        assert meta["dataset"] == contract.info().dataset
        assert meta["contract_version"] == contract.info().version
        assert meta["load_mode"] == contract.info().load_mode
        assert meta["key"] == list(contract.info().key)
        assert meta["publish"] == contract.info().publish


def test_every_contract_has_one_staging_model_and_no_other() -> None:
    found = {path.stem: path.read_text(encoding="utf-8") for path in STAGING.glob("*.sql")}
    assert set(found) == {d.replace(".", "__") for d in all_contracts()}
    for name, text in found.items():
        assert f'staged("{name}")' in text, name


def test_the_grain_of_every_staging_model_is_tested() -> None:
    _, models = parsed()
    assert len(models) >= 14
    for contract in all_contracts().values():
        model = models[contract.info().dataset.replace(".", "__")]
        (grain,) = [t["unique_key"] for t in model["data_tests"] if "unique_key" in t]
        assert grain["arguments"]["columns"] == list(contract.info().key)
        assert contract.info().grain in model["description"]


def test_no_personal_column_is_in_a_published_model() -> None:
    personal = 0
    _, models = parsed()
    for contract in all_contracts().values():
        model = models[contract.info().dataset.replace(".", "__")]
        if model["config"]["database"] != "ioc":
            continue
        hidden = contract.personal_columns()
        personal += len(hidden)
        assert not set(names(model)) & set(hidden)
        shown = [n for n in names(model) if not n.startswith("_")]
        assert shown == [n for n in contract.polars_schema() if n not in hidden]
        assert not any(col.get("meta", {}).get("personal") for col in model["columns"])
    assert personal > 0


def test_only_what_may_be_published_goes_to_the_published_file() -> None:
    sources, models = parsed(Rows, Aggregate, Nothing)
    databases = {name: model["config"]["database"] for name, model in models.items()}
    assert databases == {
        "test__people_rows": "ioc",
        "test__people_aggregate": "work",
        "test__people_none": "work",
    }
    everything = ["number", "born_on", "share", "seen_at", "name", "alive"]
    for table in sources.values():
        assert names(table) == everything
        marked = [c["name"] for c in table["columns"] if c["meta"]["personal"]]
        assert marked == ["born_on", "name"]
    published = [n for n in names(models["test__people_rows"]) if not n.startswith("_")]
    assert published == ["number", "share", "seen_at", "alive"]
    for name in ("test__people_aggregate", "test__people_none"):
        assert [n for n in names(models[name]) if not n.startswith("_")] == everything


def test_columns_carry_title_type_and_unit() -> None:
    sources, _ = parsed(Rows)
    columns = {col["name"]: col for col in sources["test__people_rows"]["columns"]}
    types = {name: col["data_type"] for name, col in columns.items()}
    assert types == {
        "number": "bigint",
        "born_on": "date",
        "share": "double",
        "seen_at": "timestamp",
        "name": "varchar",
        "alive": "boolean",
    }
    assert columns["number"]["meta"] == {"unit": "người", "personal": False}
    assert "Họ tên" in columns["name"]["description"]
    assert "Name" in columns["name"]["description"]


def test_provenance_columns_are_described() -> None:
    _, models = parsed(Rows)
    provenance = [c for c in models["test__people_rows"]["columns"] if c["name"].startswith("_")]
    assert [c["name"] for c in provenance] == [
        "_feed",
        "_batch_id",
        "_file",
        "_sheet",
        "_row",
        "_corrections",
        "_recorded_at",
        "_is_carried_forward",
    ]
    assert all(c["description"] for c in provenance)


def test_the_file_says_that_it_is_generated_and_names_no_machine() -> None:
    text = PROPERTIES.read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    assert str(PROJECT) not in text
    (source,) = yaml.safe_load(text)["sources"]
    location = source["meta"]["external_location"]
    assert location.startswith("read_parquet('{{ env_var('IOC_ACCEPTED'")
    # batches of an earlier version of a contract have other columns
    assert location.endswith("/{name}/batches/*.parquet', union_by_name = true)")


# -- JSON schemas ---------------------------------------------------------------------------------


def test_the_schemas_accept_every_source_and_refuse_a_misspelt_field() -> None:
    schemas = {
        name: json.loads((SOURCES / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("agency", "profile", "reports")
    }
    required = {"agency": "code", "profile": "code", "reports": "issuer"}
    checked = 0
    for path in sorted(SOURCES.glob("*/*.yaml")):
        kind = path.stem if path.stem in schemas else "agency"
        jsonschema.Draft202012Validator.check_schema(schemas[kind])
        validator = jsonschema.Draft202012Validator(schemas[kind])
        # dates are dates in YAML and texts in JSON
        document = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))
        assert not list(validator.iter_errors(document)), path
        assert list(validator.iter_errors({**document, "cadense": "daily"})), path
        left = {name: value for name, value in document.items() if name != required[kind]}
        assert list(validator.iter_errors(left)), path
        checked += 1
    assert checked >= 12


# -- facts of the contracts -----------------------------------------------------------------------


def test_contract_facts_count_columns_and_rules() -> None:
    found = {fact["dataset"]: fact for fact in facts.contract_facts()}
    assert set(found) == set(all_contracts())
    fdi = found["investment.fdi_by_province"]
    assert (fdi["columns"], fdi["load_mode"], fdi["publish"]) == (5, "upsert", "rows")
    # required: two of five columns; format; two minima; the key; no missing month, totals, gaps
    assert fdi["rules_by_dimension"] == {"correct": 2, "complete": 4, "clean": 3, "live": 0}
    for fact in found.values():
        assert fact["rules"] == sum(fact["rules_by_dimension"].values()) > 0


def test_two_rules_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results are kept by rule and column: one would take the other's place."""
    fdi = all_contracts()["investment.fdi_by_province"]
    twice = (*fdi.batch_rules(), null_share("new_capital_usd_m", by="province_name", at_most=0.9))
    monkeypatch.setattr(fdi, "__batch_rules__", twice)
    with pytest.raises(ValueError, match=r"fdi_by_province: two rules are called .*null_share"):
        facts.contract_facts()


def test_rows_of_an_older_version_of_a_contract_are_read_beside_those_of_today(
    tmp_path: Path,
) -> None:
    """A column that the contract has gained is empty in the batches from before."""
    (source,) = yaml.safe_load(dbt_properties(all_contracts()))["sources"]
    folder = tmp_path / "sector__dataset" / "batches"
    folder.mkdir(parents=True)
    pl.DataFrame({"code": ["01"]}).write_parquet(folder / "a.parquet")
    pl.DataFrame({"code": ["02"], "note": ["x"]}).write_parquet(folder / "b.parquet")
    place = source["meta"]["external_location"].replace("{name}", "sector__dataset")
    location = re.sub(r"{{.*?}}", tmp_path.as_posix(), place)
    with duckdb.connect() as connection:
        rows = connection.execute(f"select code, note from {location} order by 1").fetchall()
    assert rows == [("01", None), ("02", "x")]


def test_a_contract_without_its_staging_model_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generated.missing_models() == []
    missing = next(iter(all_contracts())).replace(".", "__")
    staging = tmp_path / "dbt_project" / "models" / "staging"
    staging.mkdir(parents=True)
    for path in STAGING.glob("*.sql"):
        if path.stem != missing:
            (staging / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(generated, "DBT_PROJECT", tmp_path / "dbt_project")
    monkeypatch.setattr(generated, "PROJECT", tmp_path)
    assert generated.missing_models() == [f"dbt_project/models/staging/{missing}.sql"]
