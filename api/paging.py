"""Pages of long answers: the same words everywhere, and filters that are not there are refused."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from campaigns.attempt import ATTEMPT_ID
from campaigns.contacts.phone import parse
from operations.values import When
from store.audit import Place
from store.columns import from_ms, to_ms

_LARGEST = 2**63 - 1
_NEXT = "The `next` of the page before."


class Asked(BaseModel):
    """What is asked for in the query of an address; what is not known there is refused."""

    model_config = ConfigDict(extra="forbid")


class Paged(Asked):
    """A page of something."""

    limit: int = Field(100, ge=1, le=1000, description="How many at most.")


class InOrder(Paged):
    """From the first on."""

    after: int = Field(0, ge=0, le=_LARGEST, description=_NEXT)


class NewestFirst(Paged):
    """From the newest on."""

    after: Annotated[int, Field(ge=1, le=_LARGEST)] | None = Field(None, description=_NEXT)


PhoneText = Annotated[str, Field(max_length=40)]
"""A number as a person writes it; `number_of` reads it."""

AttemptId = Annotated[str, Field(pattern=f"^{ATTEMPT_ID.pattern}$")]
"""A ULID, as attempts are named."""

Since = Annotated[When | None, Field(description="Then or later.")]
Until = Annotated[When | None, Field(description="Before that.")]


ACTS_FROM = r"\d{1,14}-\d{1,9}-\d{1,15}"
"""Where a page of the audit goes on: instant in milliseconds, segment, place in it."""


def act_cursor(row: Mapping[str, Any]) -> str:
    """What to ask for the acts that come after this one, as ACTS_FROM has it."""
    return f"{to_ms(row['at'])}-{row['segment_id']}-{row['sequence']}"


def act_place(cursor: str | None) -> Place | None:
    """The place that a cursor stands for; None for none."""
    if not cursor:
        return None
    at, segment_id, sequence = map(int, cursor.split("-"))
    return Place(from_ms(at), segment_id, sequence)


def number_of(text: str | None) -> str | None:
    """A number asked for, as E.164.

    Raises:
        InvalidNumber: it is no number that could be called.
    """
    return None if text is None else parse(text).e164


def next_of(rows: Sequence[Any], limit: int, name: str = "id") -> str | None:
    """The `next` of a page; None where it is the last one, as far as one can tell."""
    return str(rows[-1][name]) if len(rows) == limit else None
