"""A campaign while it is being made: what was typed so far, carried from step to step.

Every step holds the values of all others in hidden fields, so that going back, or forward again,
loses nothing; what was typed becomes a campaign with the last step.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.language import TIME_ZONE
from campaigns.errors import InvalidInput
from operations.campaign_file import CampaignValues
from operations.rehearse import REHEARSAL_CALLER_ID, SWIFT
from operations.settings import REHEARSAL
from operations.values import first_fault

KINDS = {
    "political": "fr-political",
    "public_info": "fr-public-info",
    "commercial": "fr-commercial",
}
"""The rule pack of each purpose."""

STEPS = ("people", "readiness", "message", "way", "schedule", "limits", "check")

_MANY = ("lists", "days")
_ONE = (
    "name", "purpose", "recording1", "recording2", "recording3", "recording4", "trunk",
    "caller_id", "swift", "start_at", "end_at", "finish_by", "from", "to", "max_channels",
    "max_cps", "ring_timeout_s", "max_attempts", "budget", "two_persons", "election", "poll1",
    "poll2",
)  # fmt: skip
_BOXES = {"swift": "way", "two_persons": "limits"}
"""Boxes, which send nothing where they are not ticked, and the steps they are on."""

STEP_OF = {
    "name": "people", "purpose": "people", "pack": "people", "lists": "people",
    "recordings": "message", "recording1": "message", "trunk": "way", "caller_id": "way",
    "start_at": "schedule", "end_at": "schedule", "finish_by": "schedule", "from": "schedule",
    "election": "schedule", "poll1": "schedule", "poll2": "schedule",
    "max_channels": "limits", "max_cps": "limits", "ring_timeout_s": "limits",
    "max_attempts": "limits", "budget": "limits", "two_persons": "limits",
}  # fmt: skip
"""On which step each field is."""

FIELD_OF = {
    "recordings": "recording1",
    "file": "recording1",
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
}
"""The form's field of what is wrong, where it is called otherwise."""

FIRST: Mapping[str, Any] = {
    "purpose": "political", "trunk": REHEARSAL, "caller_id": REHEARSAL_CALLER_ID, "swift": "yes",
    "max_channels": "30", "max_cps": "5", "ring_timeout_s": "25", "max_attempts": "3",
}  # fmt: skip
"""What stands in the fields at first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed so far.

    Attributes:
        values: of fields that hold one value.
        lists, days: those that were ticked.
    """

    values: dict[str, str]
    lists: tuple[str, ...]
    days: tuple[str, ...]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def list_ids(self) -> list[int]:
        """Ids of the lists."""
        return [int(one) for one in self.lists if one.isdecimal()]

    @property
    def recording_ids(self) -> list[int]:
        """Ids of the recordings, in the order heard."""
        chosen = (self[f"recording{place}"] for place in range(1, 5))
        return [int(one) for one in chosen if one.isdecimal()]

    def hearing(self, recording_id: int) -> "Draft":
        """The same with one recording more, where there is room for it."""
        chosen = self.recording_ids
        free = next((at for at in range(1, 5) if not self[f"recording{at}"]), None)
        if free is None or recording_id in chosen:
            return self
        values = {**self.values, f"recording{free}": str(recording_id)}
        return replace(self, values=values)

    def hidden(self, step: str) -> Iterator[tuple[str, str]]:
        """Everything that is not asked on this step, for its hidden fields."""
        for name, value in self.values.items():
            if value and STEP_OF.get(name, _STEP_OF_REST.get(name, "")) != step:
                yield name, value
        if step != "people":
            yield from (("lists", one) for one in self.lists)
        if step != "schedule":
            yield from (("days", one) for one in self.days)


_STEP_OF_REST = {
    **{f"recording{place}": "message" for place in range(2, 5)},
    **_BOXES,
    "to": "schedule",
}


def draft_of(form: FormData) -> Draft:
    """What a step sent."""
    values = {name: str(form[name]).strip() for name in _ONE if name in form}
    many = {name: tuple(dict.fromkeys(str(one) for one in form.getlist(name))) for name in _MANY}
    return Draft(values, many["lists"], many["days"])


def begun(given: Mapping[str, Any]) -> Draft:
    """A draft that begins with some values."""
    values = {**FIRST, **given}
    plain = {name: str(values[name]) for name in _ONE if values.get(name) not in {None, ""}}
    return Draft(plain, tuple(values.get("lists", ())), tuple(values.get("days", ())))


def campaign_values(draft: Draft) -> CampaignValues:
    """The campaign that was typed.

    Raises:
        InvalidInput: names the field that is wrong, as the form or as `CampaignValues` has it.
    """
    plain: dict[str, Any] = {
        "name": draft["name"],
        "purpose": draft["purpose"],
        "pack": KINDS.get(draft["purpose"], draft["purpose"]),
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
    }
    if is_swift(draft):
        plain |= SWIFT
    try:
        return CampaignValues.model_validate(plain)
    except ValidationError as error:
        raise first_fault(error) from error


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
    bare = "".join(text.split()).replace("€", "").replace(",", ".")
    return bare or None
