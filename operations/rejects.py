"""Rows of an uploaded file that were refused, and the file that tells their owner why."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import TextIO

from operations.exports import write_csv
from operations.rows import BadRow

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


@dataclass(frozen=True, slots=True)
class RejectedWithdrawal(Reject):
    """A refused row of somebody who withdrew: what else is wrong with it takes nothing from that.

    Attributes:
        number: in E.164.
    """

    number: str


def bad_row(row: BadRow) -> Reject:
    """The refusal of a row that could not be read."""
    return Reject(row.line, row.field, row.value, row.code, row.reason, row.remedy)


def write_rejects(file: TextIO, rejects: Iterable[Reject]) -> int:
    """Write a reject file as CSV, for any spreadsheet; how many rows.

    Args:
        file: as for `write_csv`.
        rejects: in the order of their lines.
    """
    return write_csv(file, _COLUMNS, map(attrgetter(*_COLUMNS), rejects))
