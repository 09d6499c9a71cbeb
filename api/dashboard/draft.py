"""A campaign while it is being made: what was filled in so far, and the campaign it makes.

Every step sends what is asked on it and no more; the rest is kept (`operations.drafts`), so that
going back, another tab or another day loses nothing. What was filled in becomes a campaign with
the last step.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.dashboard import draft_script
from api.dashboard.forms import pointed, text_of, texts_of
from api.language import TIME_ZONE
from campaigns.errors import InvalidInput
from campaigns.rules.purposes import Purpose
from operations.campaign_file import CampaignValues
from operations.rehearse import REHEARSAL_CALLER_ID, SWIFT
from operations.settings import REHEARSAL
from operations.values import first_fault
from store.drafts import Filled

KINDS = {
    "political": "fr-political",
    "public_info": "fr-public-info",
    "commercial": "fr-commercial",
    "emergency": "fr-emergency",
}
"""The rule pack of each purpose."""

PLACES = ("recording1", "recording2", "recording3", "recording4")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "people": ("name", "purpose", "signatory"),
    "readiness": (),
    "message": PLACES,
    "script": draft_script.FIELDS,
    "way": ("trunk", "caller_id", "swift"),
    "schedule": (
        "start_at", "end_at", "finish_by", "from", "to", "election", "poll1", "poll2",
    ),
    "limits": (
        "max_channels", "max_cps", "ring_timeout_s", "max_attempts", "budget", "two_persons",
    ),
    "check": (),
}  # fmt: skip
"""What is asked on each step, and held by one value."""

STEPS = tuple(FIELDS)

_MANY = {"people": ("lists",), "schedule": ("days",)}
"""What is asked on a step, and held by as many values as boxes are ticked."""

_BOXES = ("swift", "two_persons")
"""Boxes, which send nothing where they are not ticked."""

STEP_OF: Mapping[str, str] = {
    **{name: step for step, names in FIELDS.items() for name in names},
    "pack": "people", "lists": "people", "recordings": "message", "file": "message",
    "says": "script",
}  # fmt: skip
"""On which step each field is."""


def step_of(field: str, otherwise: str) -> str:
    """On which step a field is; what no step asks is left to another."""
    return "script" if draft_script.is_says(field) else STEP_OF.get(field, otherwise)


FIELD_OF = {
    "recordings": "recording1",
    "phone": "caller_id",
    "limits.max_channels": "max_channels",
    "limits.max_cps": "max_cps",
    "retry.max_attempts": "max_attempts",
    "launch.two_persons": "two_persons",
    "schedule.start_at": "start_at",
    "schedule.end_at": "end_at",
    "schedule.finish_by": "finish_by",
    "schedule": "start_at",
    "schedule.hours": "from",
    "schedule.any_hour": "trunk",
    "schedule.elections.0.rounds": "poll2",
    "schedule.elections.0.rounds.0.polls.metropole": "poll1",
    "schedule.elections.0.rounds.1.polls.metropole": "poll2",
    "schedule.elections.0.name": "election",
    "schedule.elections.0.source": "election",
    "start": "from",
    "end": "from",
    "days": "from",
    "pack": "purpose",
    **draft_script.FIELD_OF,
}
"""The form's field of what is wrong, where it is called otherwise."""

FIRST: Mapping[str, Any] = {
    "purpose": "political", "trunk": REHEARSAL, "caller_id": REHEARSAL_CALLER_ID, "swift": "yes",
    "max_channels": "30", "max_cps": "5", "ring_timeout_s": "25", "max_attempts": "3",
    **draft_script.FIRST,
}  # fmt: skip
"""What stands in the fields at first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was filled in so far.

    Attributes:
        values: of fields that hold one value.
        many: of fields that hold several, those that were ticked.
    """

    values: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def lists(self) -> tuple[str, ...]:
        """Ids of the lists, as they were ticked."""
        return self.many.get("lists", ())

    @property
    def days(self) -> tuple[str, ...]:
        """Numbers of the days of the week."""
        return self.many.get("days", ())

    @property
    def list_ids(self) -> list[int]:
        """Ids of the lists."""
        return [int(one) for one in self.lists if one.isdecimal()]

    @property
    def recording_ids(self) -> list[int]:
        """Ids of the recordings, in the order heard."""
        return [int(self[place]) for place in PLACES if self[place].isdecimal()]

    def says(self, recording_id: int) -> tuple[str, ...]:
        """What was said that a recording says."""
        return self.many.get(draft_script.says(recording_id), ())

    def hearing(self, recording_id: int) -> "Draft":
        """The same with one recording more, where there is room for it."""
        free = next((place for place in PLACES if not self[place]), None)
        if free is None or recording_id in self.recording_ids:
            return self
        return Draft({**self.values, free: str(recording_id)}, self.many)

    def calling(self, list_id: int) -> "Draft":
        """The same with one list more."""
        lists = tuple(dict.fromkeys([*self.lists, str(list_id)]))
        return Draft(self.values, {**self.many, "lists": lists})

    def known(self, lists: set[int], recordings: set[int]) -> "Draft":
        """The same without what is there no more, or never was."""
        values = {
            name: value
            for name, value in self.values.items()
            if name not in _RECORDED or value in {"", *map(str, recordings)}
        }
        ticked = tuple(one for one in self.lists if one in set(map(str, lists)))
        return Draft(values, {**self.many, "lists": ticked})

    def with_step(self, step: str, form: FormData) -> "Draft":
        """The same with what a step sent."""
        values, many = dict(self.values), dict(self.many)
        for name in FIELDS.get(step, ()):
            if name in form:
                values[name] = _kept(text_of(form, name))
            elif name in _BOXES:
                values.pop(name, None)
        for name in self._boxes(step):
            many[name] = tuple(dict.fromkeys(_kept(one) for one in texts_of(form, name)))
        return Draft(values, many)

    def _boxes(self, step: str) -> Iterator[str]:
        yield from _MANY.get(step, ())
        if step == "script":
            yield from (draft_script.says(one) for one in self.recording_ids)

    def hidden(self, step: str) -> Iterator[tuple[str, str]]:
        """Everything that is not asked on this step, for a page of which nothing is kept yet."""
        own = {*FIELDS[step], *self._boxes(step)}
        yield from (one for one in self.values.items() if one[0] not in own)
        for name, ticked in self.many.items():
            if name not in own:
                yield from ((name, one) for one in ticked)

    def plain(self) -> Filled:
        """As it is kept."""
        return {**self.values, **{name: list(ticked) for name, ticked in self.many.items()}}


_RECORDED = {*PLACES, *draft_script.RECORDED}


def draft_of(filled: Filled) -> Draft:
    """A draft as it is kept."""
    values = {name: one for name, one in filled.items() if isinstance(one, str)}
    many = {name: tuple(one) for name, one in filled.items() if not isinstance(one, str)}
    return Draft(values, many)


def begun(given: Mapping[str, Any]) -> Draft:
    """A draft that begins with some values."""
    values = {name: one for name, one in {**FIRST, **given}.items() if one not in {None, ""}}
    many = {name: one for name, one in values.items() if isinstance(one, tuple)}
    return Draft({name: str(one) for name, one in values.items() if name not in many}, many)


def campaign_values(draft: Draft) -> CampaignValues:
    """The campaign that was filled in.

    Raises:
        InvalidInput: names the field that is wrong, as the form or as `CampaignValues` has it.
    """
    plain: dict[str, Any] = {
        "name": draft["name"],
        "purpose": draft["purpose"],
        "pack": KINDS.get(draft["purpose"], draft["purpose"]),
        "signatory": signatory_of(draft),
        "trunk": draft["trunk"],
        "caller_id": draft["caller_id"],
        "ring_timeout_s": draft["ring_timeout_s"] or 25,
        "budget": _sum(draft["budget"]),
        "limits": {
            "max_channels": draft["max_channels"],
            "max_cps": draft["max_cps"].replace(",", "."),
        },
        "schedule": _schedule(draft),
        "retry": {"max_attempts": draft["max_attempts"]},
        "launch": {"two_persons": bool(draft["two_persons"])},
        "machines": {"mode": draft["machines"] or FIRST["machines"]},
    }
    if is_swift(draft):
        plain |= SWIFT
    try:
        return CampaignValues.model_validate(plain)
    except ValidationError as error:
        raise first_fault(error) from error


def signatory_of(draft: Draft) -> str:
    """Who signs for an alert; for anything else nobody is asked to, whatever was typed before."""
    return draft["signatory"] if draft["purpose"] == Purpose.EMERGENCY else ""


def is_swift(draft: Draft) -> bool:
    """It is a rehearsal that waits neither for an hour nor for anybody."""
    return draft["trunk"] == REHEARSAL and bool(draft["swift"])


def _schedule(draft: Draft) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _instant(name, draft[name]) for name in ("start_at", "end_at", "finish_by")
    }
    if draft["from"] or draft["to"] or draft.days:
        hour = {
            "days": [int(one) for one in draft.days if one.isdecimal()] or list(range(1, 8)),
            "start": draft["from"] or "00:00",
            "end": draft["to"] or "24:00",
        }
        found["hours"] = [hour]
    return {**found, "elections": _elections(draft)}


def _elections(draft: Draft) -> list[dict[str, Any]]:
    """The election whose polls were typed; every territory is taken to vote on those days."""
    polls = [draft[name] for name in ("poll1", "poll2") if draft[name]]
    if not polls:
        return []
    if not draft["election"]:
        raise InvalidInput(
            "election", "it has no name.", "Write which it is, and the decree that sets its days."
        )
    rounds = [{"polls": {"metropole": day}} for day in polls]
    return [{"name": draft["election"], "source": draft["election"], "rounds": rounds}]


def _instant(name: str, text: str, zone: ZoneInfo = TIME_ZONE) -> datetime | None:
    """What was typed, by the clock of Paris."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise InvalidInput(
            name, "it is no day and hour.", "Write it as 2026-12-31T10:00."
        ) from None


def _sum(text: str) -> str | None:
    return pointed(text) or None


_LONGEST = 500


def _kept(text: str) -> str:
    """As much of a field as is kept, without NUL, which no database takes."""
    return text.replace("\0", "")[:_LONGEST]
