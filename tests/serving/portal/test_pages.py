"""Each page says what the snapshot says, in two languages, in words and numbers of Viet Nam."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.serving.portal.small import BATCH, FIRST, PROVINCE

PAGES = (
    "/",
    "/?scenario=SOCIO_ECONOMIC",
    "/?wall=1",
    "/indicators/ON_TIME",
    f"/indicators/ON_TIME?unit={FIRST}&kind=month&start=2026-10-01&sort=value",
    f"/batches/{BATCH}",
    "/map",
    "/map?indicator=ON_TIME&layer=infrastructure_asset&kind=road",
    "/quality",
    "/quality?agency=so_tai_chinh",
    "/catalogue",
    "/catalogue?find=thu%20ngân",
    "/catalogue/marts/indicator_value",
    "/catalogue/staging/finance__budget_revenue",
)


def said(page: str) -> str:
    """The text of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages(reader: TestClient, path: str) -> None:
    vietnamese, english = reader.get(path), reader.get(f"/en{path}")
    assert (vietnamese.status_code, english.status_code) == (200, 200)
    assert '<html lang="vi">' in vietnamese.text
    assert '<html lang="en">' in english.text
    assert f'href="/en{path.split("?")[0]}' in vietnamese.text
    assert vietnamese.text.count("<h1>") == english.text.count("<h1>") == 1


@pytest.mark.parametrize("path", [p for p in PAGES if not p.startswith("/catalogue")])
def test_no_leader_reads_a_code(reader: TestClient, path: str) -> None:
    text = said(reader.get(path).text.split("<main", 1)[1])
    allowed = {"ON_TIME"}  # the page of an indicator names its code in the warehouse
    assert set(re.findall(r"\b[A-Za-z]+(?:_[A-Za-z]+)+\b", text)) <= allowed


def test_the_overview_has_values_targets_alerts_and_the_age_of_the_data(reader: TestClient) -> None:
    text = said(reader.get("/").text)
    assert "02:00 22/11/2026" in text  # 19:00 UTC of the day before
    # the newest period that has ended, not the one of 2099
    assert "Tỷ lệ đúng hạn Tháng 10/2026 1.234,5 % +1.154,5 điểm % 90 %" in text
    assert "Đạt" in text
    assert "Nghiêm trọng" in text
    assert "Thiếu số liệu tháng 10/2026, hạn 15/11/2026." in text
    assert "0/1 nguồn dữ liệu đang sống" in text


def test_numbers_are_written_as_the_language_does(reader: TestClient) -> None:
    assert "1,234.5 %" in said(reader.get("/en/").text)


def test_an_indicator_marks_what_is_preliminary_and_what_was_revised(reader: TestClient) -> None:
    text = said(reader.get("/indicators/ON_TIME").text)
    assert "Tháng 1/2099 sơ bộ" in text
    assert "Tháng 10/2026 sơ bộ" not in text
    assert "Tháng 9/2026 70,25 85,25" in text


def test_an_indicator_leads_to_its_batch_and_on_to_feed_agency_and_contract(
    reader: TestClient,
) -> None:
    page = reader.get("/indicators/ON_TIME?start=2026-09-01").text
    assert f'href="/batches/{BATCH}"' in page.split('id="provenance"')[1]
    text = said(reader.get(f"/batches/{BATCH}").text)
    for what in ("Sở Tài chính", "Thu ngân sách", "phiên bản 1.0.0", "Mã xã không có trong"):
        assert what in text
    assert "10 dòng nhận được 8 dòng đạt 1 dòng trả lại 1 dòng lặp y hệt" in text


def test_communes_stand_in_the_order_of_the_alphabet_and_gaps_are_told(reader: TestClient) -> None:
    text = said(reader.get("/indicators/ON_TIME?start=2026-10-01").text)
    assert text.index("Xã Ân Thi không có hoặc không công bố") < text.index("Xã Bình Minh 92,5")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("ask=radius&lon=106.05&lat=20.55&radius=1000", {"HT-A", "00001@2025-07-01"}),
        ("ask=at&lon=106.15&lat=20.55", {"00002@2025-07-01"}),
        ("ask=unit&unit=00002@2025-07-01", {"HT-B"}),
        (
            'ask=area&area={"type":"Polygon","coordinates":[[[106.14,20.54],[106.16,20.54],'
            "[106.16,20.56],[106.14,20.54]]]}",
            {"HT-B", "00002@2025-07-01"},
        ),
    ],
)
def test_a_question_about_the_map_is_answered(
    reader: TestClient, question: str, found: set[str]
) -> None:
    page = reader.get(f"/map?{question}")
    assert page.status_code == 200
    assert f"Kết quả: {len(found)} đối tượng" in said(page.text)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("ask=at&lon=20.55&lat=85", "nằm ngoài Việt Nam"),
        ("ask=at&lon=20.55&lat=106.05", "kinh độ đứng trước"),
        ("ask=unit&unit=Xã Không Có", "không có đơn vị"),
        ("ask=area&area=[1", "vùng không phải JSON"),
    ],
)
def test_a_question_that_cannot_be_says_why(reader: TestClient, question: str, why: str) -> None:
    page = reader.get(f"/map?{question}")
    assert page.status_code == 200
    assert why in said(page.text)


def test_quality_names_scores_lateness_and_reasons_but_no_value(reader: TestClient) -> None:
    text = said(reader.get("/quality").text)
    assert "Sở Tài chính 97,5 99 98 0 73,6 Không đạt" in text
    assert "Thu ngân sách Sở Tài chính Gửi đúng hạn" in text
    assert "Mã xã không có trong danh mục" in text
    assert "0/1 nguồn đang sống" in text


def test_the_catalogue_names_contract_owner_columns_and_files(reader: TestClient) -> None:
    page = reader.get("/catalogue/staging/finance__budget_revenue").text
    text = said(page)
    assert "Trưởng phòng, Sở Tài chính" in text
    assert "finance.budget_revenue" in text
    for form in ("csv", "xlsx", "parquet"):
        assert f"/download/staging/finance__budget_revenue.{form}" in page


def test_health_names_the_snapshot(reader: TestClient) -> None:
    told = reader.get("/healthz")
    assert told.json()["status"] == "ok"
    assert told.json()["snapshot"] == reader.get("/").headers["ioc-snapshot"]
    assert told.headers["cache-control"] == "no-store"


def test_a_unit_of_the_province_can_be_looked_at_alone(reader: TestClient) -> None:
    text = said(reader.get(f"/indicators/ON_TIME?unit={FIRST}").text)
    assert "Xã Bình Minh · đơn vị tính: %" in text
    assert PROVINCE not in text
