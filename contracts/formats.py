"""Formats of codes and periods that several contracts share."""

from __future__ import annotations

MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
QUARTER = r"^\d{4}-Q[1-4]$"
HALF_YEAR = r"^\d{4}-H[12]$"
ISO_WEEK = r"^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$"
COMMUNE_CODE = r"^\d{5}$"
PROVINCE_CODE = r"^\d{2}$"
SHA256 = r"^[0-9a-f]{64}$"
