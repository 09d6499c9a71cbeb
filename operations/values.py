"""What people type, as it is taken: texts that can be kept and shown, instants that can be."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, ValidationError

from campaigns.contacts.slot import read_slot
from campaigns.errors import InvalidInput

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST_WAIT = timedelta(days=92)
_LONGEST_WORDING = 10_000


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}


def _without_controls(text: str) -> str:
    """Refuse what no screen shows, and NUL, which PostgreSQL cannot keep."""
    if any(map(_is_control, text)):
        raise ValueError("it holds a line break or another control character")
    return text


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a line break or another control character")
    return text


def _readable_slot(text: str) -> str:
    try:
        return str(read_slot(text)) if text else ""
    except InvalidInput as error:
        raise ValueError(f"{error.why} {error.remedy}".rstrip(".")) from error


def file_name_of(given: str | None, otherwise: str) -> str:
    """What the user calls a file, as it can be kept and shown."""
    kept = "".join(sign for sign in given or "" if not _is_control(sign)).strip()
    return kept[-200:] or otherwise


def _plausible(at: datetime) -> datetime:
    """Refuse years that are a slip of the pen, some of which nothing can count with."""
    if not _FIRST <= at < _LAST:
        raise ValueError("it is not between the years 2000 and 2100")
    return at


def plausible_day(day: date) -> date:
    """Refuse days of years that are a slip of the pen."""
    if not _FIRST.date() <= day < _LAST.date():
        raise ValueError("it is not between the years 2000 and 2100")
    return day


def first_fault(error: ValidationError) -> InvalidInput:
    """The first fault of a validation, in the writer's terms."""
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")
    named = (str(part) for part in first["loc"] if part != "[key]")
    return InvalidInput(".".join(named), f"{said}.")


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_without_controls)
]
"""One line of text, which may be empty."""

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_without_controls),
]
"""What something is called."""

Wordings = dict[
    Name,
    Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_WORDING),
        AfterValidator(_without_nul),
    ],
]
"""Id of each text people agreed to: the exact text."""

Purposes = Annotated[list[Name], Field(min_length=1, max_length=20)]
"""What people were told that calls would be for."""

When = Annotated[AwareDatetime, AfterValidator(_plausible)]
"""An instant somebody plans."""

Delay = Annotated[timedelta, Field(ge=timedelta(seconds=1), le=_LONGEST_WAIT)]
"""A wait before somebody is called again: at least a second, even in a rehearsal."""

SlotText = Annotated[Line, AfterValidator(_readable_slot)]
"""Hours to which everybody of a list agreed, as they are kept; empty for no word about it."""
