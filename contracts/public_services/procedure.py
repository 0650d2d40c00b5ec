"""Administrative procedures of the National Public Service Portal."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import null_share
from contracts.value_rules import residue

_LEVELS = ("Cấp bộ", "Cấp tỉnh", "Cấp huyện", "Cấp xã", "Cơ quan khác")
_LEVEL = f"({'|'.join(_LEVELS)})"


class Procedure(Contract):
    """One row per procedure."""

    __contract__ = ContractInfo(
        dataset="public_services.procedure",
        version="3.0.0",
        title_vi="Thủ tục hành chính",
        title_en="Administrative procedures",
        grain="one row per procedure",
        key=("procedure_code",),
        load_mode="upsert",
        publish="rows",
        basis="Decree 63/2010/ND-CP: national database of administrative procedures (H33)",
    )
    __batch_rules__ = (
        null_share(
            "agency",
            by="ministry",
            at_most=0.6,
            message_vi="Cơ quan thực hiện bị trống ở phần lớn thủ tục của một bộ, ngành",
        ),
        residue("agency", words=_LEVELS),
        residue("field", words=_LEVELS),
    )

    procedure_code: str = column(vi="Mã thủ tục", en="Procedure code", str_matches=r"^\d\.\d{6}$")
    name: str = column(vi="Tên thủ tục", en="Name")
    agency: str = column(vi="Cơ quan thực hiện", en="Agency that handles it", nullable=True)
    level: str = column(
        vi="Cấp thực hiện",
        en="Levels of government that handle it",
        str_matches=rf"^{_LEVEL}(, {_LEVEL})*$",
    )
    field: str = column(vi="Lĩnh vực", en="Field", nullable=True)
    ministry: str = column(
        vi="Bộ, ngành công bố", en="Ministry that publishes it", str_matches=r"^[a-z0-9-]+$"
    )
