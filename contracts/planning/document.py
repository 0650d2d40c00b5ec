"""Files of plans: drawings, explanations and decisions, kept as they are."""

from __future__ import annotations

from contracts.base import Contract, ContractInfo, column
from contracts.formats import SHA256


class Document(Contract):
    """One row per file; its bytes stay in landing under their hash and come back identical."""

    __contract__ = ContractInfo(
        dataset="planning.document",
        version="1.0.0",
        title_vi="Hồ sơ đồ án quy hoạch",
        title_en="Files of plans",
        grain="one row per file",
        key=("file_name",),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.đ: drawing, explanation and decision of each plan "
        "(H02, H35). How files are named is agreed with the department",
    )

    plan_code: str = column(vi="Mã đồ án", en="Plan code", str_matches=r"^QH-\d{3}$")
    document_kind: str = column(
        vi="Loại tài liệu",
        en="Drawing, explanation or decision",
        isin=["drawing", "explanation", "decision"],
    )
    file_name: str = column(vi="Tên tệp", en="Name of the file")
    media_type: str = column(
        vi="Định dạng",
        en="Media type by the name: drawings and scans that can be opened in twenty years",
        isin=["application/pdf", "image/png", "image/jpeg", "image/tiff", "image/vnd.dxf"],
    )
    size_bytes: int = column(vi="Dung lượng", en="Size", unit="byte", in_range=(1, 2_000_000_000))
    sha256: str = column(vi="Mã băm SHA-256", en="Hash of the bytes", str_matches=SHA256)
