"""A receipt as a PDF that a screen reader reads too: tagged, with title and language (PDF/UA-1)."""

import json
from dataclasses import asdict
from pathlib import Path

import typst

from api.receipt.sheet import Sheet

_TEMPLATE = Path(__file__).with_name("receipt.typ")


def drawn(sheet: Sheet) -> bytes:
    """The file. Nothing in it is taken for markup, and no font of this machine is used."""
    return typst.compile(
        _TEMPLATE, format="pdf", sys_inputs={"sheet": _plain(sheet)}, ignore_system_fonts=True,
        pdf_standards="ua-1",
    )  # fmt: skip


def _plain(sheet: Sheet) -> str:
    return json.dumps(asdict(sheet), ensure_ascii=False)
