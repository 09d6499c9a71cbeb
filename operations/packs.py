"""Reading rule packs from the files shipped with the product."""

import hashlib
import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Any

from campaigns.contacts.basis import Evidence
from campaigns.errors import InvalidInput
from campaigns.rules import windows
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import Force, Pack, Rule
from campaigns.stages import Measure

_DIRECTORY = Path(windows.__file__).with_name("packs")


def names() -> list[str]:
    """Ids of every pack there is."""
    return sorted(path.stem for path in _DIRECTORY.glob("*.toml"))


def load(pack_id: str) -> Pack:
    """Read one pack.

    Raises:
        InvalidInput: there is none of that id.
    """
    if pack_id not in names():
        raise InvalidInput(
            "pack", f"there is no rule pack «{pack_id}».", f"Choose one of: {', '.join(names())}."
        )
    plain = tomllib.loads((_DIRECTORY / f"{pack_id}.toml").read_text("utf-8"))
    return _pack(plain)


def digest(pack_id: str) -> str:
    """SHA-256 of a pack's file, in hexadecimal; empty where it is shipped no more."""
    path = _DIRECTORY / f"{pack_id}.toml"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _pack(plain: dict[str, Any]) -> Pack:
    return Pack(
        id=plain["id"],
        version=plain["version"],
        as_of=plain["as_of"],
        verify_by=plain["verify_by"],
        windows=tuple(read_window(one) for one in plain["windows"]["hours"]),
        holidays=frozenset(map(HolidaySet, plain["holidays"]["sets"])),
        evidence=Evidence(plain["evidence"]["demanded"]),
        max_attempts=plain["max_attempts"]["most"],
        frequency=Cap(plain["frequency"]["most"], plain["frequency"]["days"]),
        caller_id=re.compile(plain["caller_id"]["pattern"]),
        stages=tuple(plain["holds"]["stages"]),
        bounds={Measure(name): share for name, share in plain["holds"]["bounds"].items()},
        not_for=frozenset(plain.get("purposes", {}).get("not_for", ())),
        rules={
            name: Rule(Force(one["force"]), one["source"])
            for name, one in plain.items()
            if isinstance(one, dict)
        },
    )


def read_window(plain: dict[str, Any]) -> windows.Window:
    """A window written as `{ days = [1, 2], start = "10:00", end = "13:00" }`.

    Raises:
        InvalidInput: a time or a day that cannot be.
    """
    days = frozenset(plain["days"])
    if not days or not days <= frozenset(range(1, 8)):
        raise InvalidInput(
            "days", f"{sorted(days)} are not days of the week.", "Write 1 (Monday) to 7 (Sunday)."
        )
    return windows.Window(days, _time("start", plain["start"]), _time("end", plain["end"]))


def _time(field: str, text: str) -> time:
    try:
        found = time.max if text == "24:00" else time.fromisoformat(text)
    except ValueError:
        raise InvalidInput(field, f"«{text}» is not a time.", "Write it as 10:00.") from None
    if found.tzinfo is not None:
        raise InvalidInput(
            field, f"«{text}» names a zone; hours are the callee's own.", "Write it as 10:00."
        )
    return found
