"""What people read: results on standard output, everything else on the error stream."""

import json
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def out() -> Console:
    """Standard output as it is now."""
    return Console(highlight=False)


def aside() -> Console:
    """The error stream as it is now."""
    return Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """A line for the reader of the results."""
    out().print(line, markup=False, soft_wrap=True)


def note(line: str) -> None:
    """A line beside the results: what is being done."""
    aside().print(line, markup=False, soft_wrap=True)


def complain(line: str) -> None:
    """What went wrong, in one red line."""
    aside().print(line, style="red", markup=False, soft_wrap=True)


def as_json(value: Any) -> str:
    """One line of JSON: instants in ISO 8601, words of enumerations as they are."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """A quiet table; the columns named in `right` hold figures."""
    made = Table(
        title=title, box=None, pad_edge=False, title_justify="left", header_style="dim",
        title_style="bold",
    )  # fmt: skip
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", no_wrap=name in right)
    return made


def row(made: Table, *cells: object) -> None:
    """Add a row; nothing in a cell is taken for markup."""
    made.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells))


def show(made: Table) -> None:
    """Print a table, as wide as it needs where nobody's terminal sets a width."""
    console = out()
    if not console.is_terminal:
        console.width = 200
    console.print(made)


def masked(number: str) -> str:
    """A number that shows neither its line nor, to a passer-by, its owner."""
    return number[:5] + "•" * max(0, len(number) - 7) + number[-2:]


def figure(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"


def local(at: datetime | None) -> str:
    """An instant in this machine's own time, to the second; a dash where there is none."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else "–"
