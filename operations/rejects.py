"""Rows of an uploaded file that were refused, and the file that tells their owner why."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_VALUE = 200
_COLUMNS = ("line", "field", "value", "code", "reason", "remedy")


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused row.

    Attributes:
        line: where the row begins, 1 being the file's first line.
        field: the name of the column as the user wrote it; empty where the row as a whole is bad.
        value: what stands there.
        code: the reason's code.
        reason: what is wrong, in the user's terms.
        remedy: what to do.
    """

    line: int
    field: str
    value: str
    code: str
    reason: str
    remedy: str

    def __post_init__(self) -> None:
        if len(self.value) > _LONGEST_VALUE:
            object.__setattr__(self, "value", self.value[: _LONGEST_VALUE - 1] + "…")


def neutralised(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection).

    A number such as +33639980001 gets its apostrophe too: a spreadsheet would drop the +, and the
    import reads it with the apostrophe.
    """
    return "'" + cell if cell.startswith(_FORMULA) else cell


def write_rejects(file: TextIO, rejects: Iterable[Reject]) -> int:
    """Write a reject file as CSV, for any spreadsheet; how many rows.

    Args:
        file: opened with `encoding="utf-8-sig", newline=""`, so that Excel reads the accents.
        rejects: in the order of their lines.
    """
    writer = csv.writer(file, delimiter=";")
    writer.writerow(_COLUMNS)
    count = 0
    for reject in rejects:
        count += 1
        cells = (reject.field, reject.value, reject.code, reject.reason, reject.remedy)
        writer.writerow([reject.line, *map(neutralised, cells)])
    return count
