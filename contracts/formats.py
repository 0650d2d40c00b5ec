"""Formats of codes and periods that several contracts share."""

from __future__ import annotations

MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
ISO_WEEK = r"^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$"
COMMUNE_CODE = r"^\d{5}$"
PROVINCE_CODE = r"^\d{2}$"
