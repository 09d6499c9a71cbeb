"""Tables of a report, with cells as they are: a page, a PDF and a spreadsheet are made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from typing import TypeAlias

from api.language import TIME_ZONE, Language
from api.receipt.sheet import Block, Section, Table
from campaigns.money import to_euros
from operations.xlsx.writing import workbook

MOST_DRAWN = 500
"""Rows of a table on a page and in a PDF: a spreadsheet has them all."""


@dataclass(frozen=True, slots=True)
class Money:
    """A sum in micro-euros."""

    micros: int


Cell: TypeAlias = str | int | Money | date | None
"""Days are shown as days, instants (aware) with their time in Paris; None is not known."""


class Shape(Enum):
    """How a table is drawn."""

    TABLE = auto()
    CARDS = auto()  # each row apart, under its first cell
    PAIRS = auto()  # rows of two cells: a label and what it says


@dataclass(frozen=True, slots=True)
class Listing:
    """One table of a report.

    Attributes:
        title: its heading, and the name of its worksheet.
        head: column names.
        rows: each as wide as the head.
        shape: how it is drawn.
        text: paragraphs above it.
    """

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    shape: Shape = Shape.TABLE
    text: tuple[str, ...] = ()


def section(listing: Listing, language: Language) -> Section:
    """A table as it is drawn."""
    return Section(
        listing.title, tuple(_text(listing, language)), tuple(_blocks(listing, language))
    )


def as_workbook(listings: Sequence[Listing]) -> bytes:
    """Tables as a spreadsheet: sums in euros, days and instants (of Paris) by ISO 8601."""
    return workbook([
        (one.title, one.head, [tuple(map(_plain, row)) for row in one.rows]) for one in listings
    ])  # fmt: skip


def _text(listing: Listing, language: Language) -> Iterator[str]:
    yield from listing.text
    if not listing.rows:
        yield language.say("Nothing yet.")
    if len(listing.rows) > MOST_DRAWN:
        yield language.say(
            "The first %(shown)s of %(all)s are shown; the spreadsheet has all of them."
        ) % {
            "shown": language.number(MOST_DRAWN), "all": language.number(len(listing.rows)),
        }  # fmt: skip


def _blocks(listing: Listing, language: Language) -> Iterator[Block]:
    rows = [
        tuple(_shown(one, language) for one in row) for row in listing.rows[:MOST_DRAWN]
    ]  # fmt: skip
    if not rows:
        return
    if listing.shape is Shape.PAIRS:
        yield Block("", tuple((row[0], row[1]) for row in rows))
    elif listing.shape is Shape.CARDS:
        for title, *cells in rows:
            yield Block(title, tuple(zip(listing.head[1:], cells, strict=True)))
    else:
        yield Block("", (), Table("", listing.head, tuple(rows)))


def _shown(cell: Cell, language: Language) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, Money):
        return language.euros(cell.micros)
    if isinstance(cell, datetime):
        return language.instant(cell)
    if isinstance(cell, date):
        return language.day(cell)
    return cell if isinstance(cell, str) else language.number(cell)


def _plain(cell: Cell) -> str | float | None:
    if isinstance(cell, Money):
        return float(to_euros(cell.micros))
    if isinstance(cell, datetime):
        return f"{cell.astimezone(TIME_ZONE):%Y-%m-%d %H:%M:%S}"
    return cell.isoformat() if isinstance(cell, date) else cell
