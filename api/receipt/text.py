"""A receipt as plain text, for a terminal or a letter."""

import textwrap
from collections.abc import Iterator

from api.receipt.sheet import Block, Section, Sheet, Table

WIDTH = 80

_COLONS = {"fr": "\u00a0: ", "en": ": "}


def written(sheet: Sheet) -> str:
    """The whole, in lines of at most `WIDTH` characters but for what cannot be broken."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield from (sheet.title, "=" * len(sheet.title), "")
    yield from (f"{sheet.controller} · {sheet.number} · {sheet.issued}", "")
    for paragraph in sheet.text:
        yield from (*_wrapped(paragraph), "")
    for section in sheet.sections:
        yield from _section(section, _COLONS[sheet.language])


def _section(section: Section, colon: str) -> Iterator[str]:
    yield from (section.title, "-" * len(section.title), "")
    for paragraph in section.text:
        yield from (*_wrapped(paragraph), "")
    for block in section.blocks:
        yield from _block(block, colon)


def _block(block: Block, colon: str) -> Iterator[str]:
    if block.title:
        yield block.title
    for label, value in block.pairs:
        yield from _wrapped(f"{label}{colon}{value}", indent="  ")
    if block.table is not None:
        yield from _table(block.table)
    yield ""


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"  {table.caption}"
    for row in (table.head, *table.rows):
        yield from _wrapped(" | ".join(row), indent="  ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
