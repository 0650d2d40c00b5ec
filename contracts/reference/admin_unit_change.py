"""What became of each ward and commune in the reform of 2025-07-01."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import coverage_kept, row_count_as_before
from contracts.formats import COMMUNE_CODE, PROVINCE_CODE


class AdminUnitChange(Contract):
    """One row per old unit and each new unit that a part of it went to."""

    __contract__ = ContractInfo(
        dataset="reference.admin_unit_change",
        version="2.0.0",
        title_vi="Chuyển đổi đơn vị hành chính cấp xã trước và sau 01/7/2025",
        title_en="Wards and communes before and after 2025-07-01",
        grain="one row per old unit and new unit",
        key=("old_district_code", "old_code", "new_code"),
        load_mode="snapshot",
        publish="rows",
        basis="Resolution 202/2025/QH15; Decision 19/2025/QD-TTg: codes of units (H01, H22)",
    )
    __batch_rules__ = (
        row_count_as_before(
            at_least=0.9,
            at_most=1.1,
            message_vi="Số dòng chuyển đổi khác quá 10 % so với bảng gửi lần trước",
        ),
        coverage_kept(
            ["new_province_code"],
            message_vi="Có tỉnh mới trong bảng lần trước nay không còn",
        ),
    )

    # five island districts had no communes: the district itself became a special zone
    old_code: str = column(
        vi="Mã xã cũ", en="Old commune code", nullable=True, str_matches=COMMUNE_CODE
    )
    old_name: str = column(vi="Tên xã cũ", en="Old commune", nullable=True)
    old_district_code: str = column(
        vi="Mã huyện cũ", en="Old district code", str_matches=r"^\d{3}$"
    )
    old_province_code: str = column(
        vi="Mã tỉnh cũ", en="Old province code", str_matches=PROVINCE_CODE
    )
    new_code: str = column(vi="Mã xã mới", en="New commune code", str_matches=COMMUNE_CODE)
    new_name: str = column(vi="Tên xã mới", en="New commune")
    new_province_code: str = column(
        vi="Mã tỉnh mới", en="New province code", str_matches=PROVINCE_CODE
    )
    is_divided: bool = column(
        vi="Chia về nhiều đơn vị", en="Whether the old unit went to several new ones"
    )
