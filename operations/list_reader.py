"""`python -m operations.list_reader DESCRIPTOR`: reads a list for the process that started it.

How it is to be read comes by standard input, what was read goes by standard output.
"""

import contextlib
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.dialects import sqlite

from campaigns.errors import InvalidInput
from operations.contact_rows import ContactValues
from operations.list_reading import Read, Told, Wanted
from operations.spreadsheet import open_sheet
from store.staging import Binder
from store.tables import contact

AT_ONCE = 2000
"""Rows that are handed over together."""

_BINDER = Binder(contact, sqlite.dialect())


def answer(file: BinaryIO, wanted: Wanted) -> Iterator[Told]:
    """What there is to tell of a file, in order."""
    try:
        rows = wanted.read(open_sheet(file).rows())
        while some := list(islice(rows, AT_ONCE)):
            told = bound(some) if wanted.bound else some
            yield Told(told, file.tell(), time.process_time())
        yield Told([], file.tell(), time.process_time())
    except InvalidInput as error:
        yield Told([], fault=(error.field, error.why, error.remedy))


def bound(rows: list[Read]) -> list[Read]:
    """The same rows, contacts among them as SQLite's driver takes them."""
    made = iter(_BINDER.bound([one for one in rows if isinstance(one, ContactValues)]))
    return [ContactValues(*next(made)) if isinstance(one, ContactValues) else one for one in rows]


def main() -> None:
    """Read until the end of the file, or until nobody takes it any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    wanted: Wanted = pickle.load(sys.stdin.buffer)  # noqa: S301 - from whoever started this
    out = sys.stdout.buffer
    # Opened anew, so that both have a place of their own in it.
    with (
        Path(f"/proc/self/fd/{int(sys.argv[1])}").open("rb") as file,
        contextlib.suppress(BrokenPipeError),
    ):
        for told in answer(file, wanted):
            pickle.dump(told, out, pickle.HIGHEST_PROTOCOL)
            out.flush()


if __name__ == "__main__":
    main()
