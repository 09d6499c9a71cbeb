"""What a benchmark prints and keeps: tables for people, one JSON line for programs."""

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.meter import machine

_CONSOLE = Console(width=110, highlight=False)
_BEGUN = time.monotonic()


def tell(what: str) -> None:
    """Say what is being done, beside the result."""
    print(f"{time.monotonic() - _BEGUN:8.1f} s  {what}", file=sys.stderr, flush=True)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table."""
    made = Table(*columns, title=title, title_justify="left")
    for row in rows:
        made.add_row(*map(_shown, row))
    _CONSOLE.print(made)


def note(text: str) -> None:
    """Print a line below a table."""
    _CONSOLE.print(text, markup=False)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def finish(result: Mapping[str, Any]) -> None:
    """Print the last line."""
    print(json.dumps(_plain(result)), flush=True)


def save(directory: Path, name: str, detail: Mapping[str, Any]) -> None:
    """Keep what a benchmark found, with the machine it ran on; `bench.plots` draws from it."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = {"at": datetime.now(UTC).isoformat(), "machine": machine(), **detail}
    (directory / f"{name}.json").write_text(json.dumps(_plain(kept), indent=1) + "\n")


def _plain(value: Any) -> Any:
    """As JSON has it: no NaN, and no more digits than mean something."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
