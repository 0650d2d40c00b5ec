"""A small published province for the portal: two communes, two indicators, one agency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import shapely
from starlette.testclient import TestClient

from ioc_pipelines.catalog.load import Catalog, load_catalog
from ioc_pipelines.home import SOURCES, Home
from ioc_pipelines.serving.portal.app import portal
from ioc_pipelines.warehouse.snapshots import publish
from tests.warehouse.maps import publish_map

CATALOG = load_catalog(SOURCES / "hung_yen")
BEGAN = datetime(2026, 11, 20, 19, tzinfo=UTC)
PROVINCE, FIRST, SECOND = "33@2025-07-01", "00001@2025-07-01", "00002@2025-07-01"
BATCH = "89339fd4807766e4"
FEED = "so_tai_chinh/finance.budget_revenue"
# what a spreadsheet would run and a browser would, as the name of an indicator
HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script>"
_COMMUNES = {
    "00001": shapely.box(106.0, 20.5, 106.1, 20.6),
    "00002": shapely.box(106.1, 20.5, 106.2, 20.6),
}
_THINGS = {"HT-A": shapely.Point(106.05, 20.55), "HT-B": shapely.Point(106.15, 20.55)}
_INDICATOR = (
    "'%', 'higher_is_better', false, 'finance', 'socio_economic', 'so_tai_chinh', 1, 'automatic',"
    " 'Tử số chia mẫu số', null, 'Điều 5.5'"
)


def _statements(rate: float) -> Sequence[str]:
    return (
        "alter table ioc.core.dim_admin_unit add column level varchar",
        "alter table ioc.core.dim_admin_unit add column is_current boolean default true",
        "alter table ioc.core.dim_admin_unit add column province_unit_id varchar",
        f"update ioc.core.dim_admin_unit set province_unit_id = '{PROVINCE}',"
        " level = case when parent_unit_id is null then 'province' else 'commune' end",
        f"update ioc.core.dim_admin_unit set full_name = 'Xã Bình Minh' where unit_id = '{FIRST}'",
        f"update ioc.core.dim_admin_unit set full_name = 'Xã Ân Thi' where unit_id = '{SECOND}'",
        "create table ioc.marts.commune_boundary as select feature_id as unit_id, geometry"
        " from ioc.marts.map_feature where layer = 'commune_boundary'",
        "create table ioc.marts.indicator(indicator_code varchar, name_vi varchar, name_en varchar,"
        " unit varchar, direction varchar, is_additive boolean, data_group varchar,"
        " scenario varchar, owner_agency varchar, version int, supply varchar, formula_vi varchar,"
        " national_code varchar, legal_basis varchar)",
        f"insert into ioc.marts.indicator values ('ON_TIME', 'Tỷ lệ đúng hạn', 'On time rate',"
        f" {_INDICATOR})",
        f"insert into ioc.marts.indicator select 'HOSTILE', $${HOSTILE}$$, 'Hostile', {_INDICATOR}",
        "create table ioc.marts.indicator_version as select *, date '2000-01-01' as valid_from,"
        " 'none' as over_time, 'commune' as finest_level, 30 as min_base from ioc.marts.indicator",
        "create table ioc.marts.indicator_value as select * from (values"
        f" ('ON_TIME', 'month', date '2026-09-01', '{PROVINCE}', {rate}::double, 90::double,"
        " 'missed', true),"
        f" ('ON_TIME', 'month', date '2026-10-01', '{PROVINCE}', 1234.5, 90.0, 'met', true),"
        f" ('ON_TIME', 'month', date '2099-01-01', '{PROVINCE}', 91.0, 90.0, 'met', false),"
        f" ('ON_TIME', 'month', date '2026-10-01', '{FIRST}', 92.5, 90.0, 'met', true),"
        f" ('HOSTILE', 'month', date '2026-10-01', '{PROVINCE}', -2.0, null, 'no_target', true))"
        " as v(indicator_code, period_type, period_start, unit_id, value, target, status,"
        " is_complete)",
        *(
            f"alter table ioc.marts.indicator_value add column {column}"
            for column in (
                "recorded_at timestamptz default timestamptz '2026-11-20 19:00:00+00'",
                "units_measured bigint default 1",
                "version int default 1",
                "cumulative_value double",
                "same_period_value double default 80",
                "same_period_change_percent double default 12.5",
                "target_percent double",
                "target_kind varchar default 'each_period'",
            )
        ),
        "create table ioc.marts.indicator_alert as select 'ON_TIME/1' as alert_id,"
        f" 'ON_TIME' as indicator_code, 'Tỷ lệ đúng hạn' as name_vi, '{FIRST}' as unit_id,"
        " 'Xã Bình Minh' as unit_name, 'commune' as unit_level, 'so_tai_chinh' as owner_agency,"
        " 'open' as status, 'period_missing' as kind, 'period_missing' as kinds,"
        " 'critical' as severity, 'month' as period_type, date '2026-10-01' as period_start,"
        " null::double as value, null::double as bound, '%' as unit, date '2026-11-15' as due_on,"
        " 'Điều 5' as document, timestamptz '2026-11-20 19:00:00+00' as opened_at",
        "create table ioc.marts.indicator_revision as select 'ON_TIME' as indicator_code,"
        f" 'month' as period_type, date '2026-09-01' as period_start, '{PROVINCE}' as unit_id,"
        f" 70.25::double as earlier_value, {rate}::double as value,"
        " 1::double as change, 2::double as change_percent,"
        " false as is_withdrawn, timestamptz '2026-11-20 19:00:00+00' as known_from",
        "create table ioc.marts.indicator_lineage as select indicator_code, period_type,"
        f" period_start, unit_id, recorded_at, '{FEED}' as feed, '{BATCH}' as batch_id"
        " from ioc.marts.indicator_value",
        "create schema ioc.quality",
        f"create table ioc.quality.batch as select '{BATCH}' as batch_id, '{FEED}' as feed,"
        " 'finance.budget_revenue' as dataset, '1.0.0' as contract_version, 10 as rows_received,"
        " 8 as rows_accepted, 1 as rows_quarantined, 1 as rows_duplicate,"
        " 'partly_accepted' as status, timestamptz '2026-11-20 19:00:00+00' as judged_at",
        "create table ioc.quality.delivery as select '20261120T190000-00000001' as delivery_id,"
        " 'fetch' as kind, timestamptz '2026-11-20 19:00:00+00' as started_at,"
        " timestamptz '2026-11-20 19:00:09+00' as ended_at, 'partly_accepted' as outcome,"
        f" '{BATCH}' as batch_id",
        f"create table ioc.quality.refused_row as select '{BATCH}' as batch_id, '{FEED}' as feed,"
        " 'correct' as dimension, 'commune_code' as column_name,"
        " 'Mã xã không có trong danh mục' as message_vi, 'open' as status, false as is_overdue",
        f"create table ioc.quality.score as select '{BATCH}' as batch_id, 'correct' as dimension,"
        " 97.5::double as score, 39 as passed, 40 as evaluated,"
        " timestamptz '2026-11-20 19:00:00+00' as scored_at",
        "create table ioc.quality.scorecard as select * from (values"
        " ('province', 'hung_yen', 'overall', date '2026-11-19', 96::double, 'green'),"
        " ('province', 'hung_yen', 'overall', date '2026-11-20', 97.5, 'amber'),"
        " ('agency', 'so_tai_chinh', 'overall', date '2026-11-20', 97.5, 'amber'))"
        " as v(level, code, dimension, scored_on, score, rating)",
        "create table ioc.quality.agency_scorecard as select 'so_tai_chinh' as agency,"
        " 'Sở Tài chính' as agency_name_vi, 2 as feeds_required, 1 as feeds_connected,"
        " 0 as feeds_live, 0 as feeds_automatic, 97.5::double as correct_score,"
        " 99::double as complete_score, 98::double as clean_score, 0::double as live_score,"
        " 73.6::double as overall_score, 'red' as rating,"
        " 1 as rows_refused_open",
        f"create table ioc.quality.coverage as select '{FEED}' as feed, 'so_tai_chinh' as agency,"
        " 'Sở Tài chính' as agency_name_vi, 'finance.budget_revenue' as dataset,"
        " 'Thu ngân sách' as title_vi, 'active' as status, true as is_required,"
        " true as is_connected, false as is_live, 'file' as channel, false as is_automatic,"
        " 'monthly' as cadence, timestamptz '2026-11-20 19:00:00+00' as last_arrival_at,"
        " 'Trưởng phòng, Sở Tài chính' as provider_vi, 'Giám đốc, Sở Tài chính' as checker_vi",
        f"create table ioc.quality.breach as select '{FEED}' as feed, 'live.on_time' as promise,"
        " timestamptz '2026-11-20 19:00:00+00' as found_at",
        "create table ioc.quality.ageing as select 'so_tai_chinh' as agency,"
        " 'Sở Tài chính' as agency_name_vi, 'to_fix' as age_class, 1 as open_rows,"
        " 0 as overdue_rows, timestamptz '2026-11-25 19:00:00+00' as first_due_at",
        "create schema ioc.staging",
        "create table ioc.staging.finance__budget_revenue as select * from (values"
        " ('Đông', 3.5::double, date '2026-10-01', '=1+1'), ('Bắc', -1.0, null, '-5'),"
        " ('Ân', null, date '2026-09-01', '@SUM(A1)'), ('An', 2.0, date '2026-10-01', '00123'))"
        " as v(commune_name, collected_vnd, period_start, note)",
    )


def put(home: Home, number: int = 1, rate: float = 85.25) -> str:
    """Publish snapshot ``number``, in which September is ``rate``; returns its id."""
    home.build.mkdir(parents=True, exist_ok=True)
    path = home.build / "ioc.duckdb"
    path.unlink(missing_ok=True)
    publish_map(path, _COMMUNES, _THINGS)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as ioc").fetchall()
        for statement in _statements(rate):
            connection.execute(statement).fetchall()
        connection.execute("detach ioc").fetchall()
    built_at = BEGAN + timedelta(days=number)
    manifest = publish(
        home,
        snapshot_id=f"{built_at:%Y%m%dT%H%M%S}-{number:08x}",
        built_at=built_at,
        run_id=f"run-{number}",
        dbt_hash="abc",
        expected={"marts.indicator_value"},
        record=lambda _: None,
    )
    return manifest.snapshot_id


@contextmanager
def client(
    root: Path, *, published: bool = True, catalog: Catalog = CATALOG
) -> Iterator[TestClient]:
    """A reader of the portal of a home in ``root``."""
    home = Home("hung_yen", root / "hung_yen")
    if published:
        put(home)
    with TestClient(portal(home, catalog), raise_server_exceptions=False) as reader:
        yield reader
