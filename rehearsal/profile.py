"""Profiles: which share of the subscribers behaves how (a TOML file, or one that ships here)."""

import random
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campaigns.errors import InvalidInput
from rehearsal.behaviour import (
    DEFAULTS,
    LONGEST_PRESS_SECONDS,
    Behaviour,
    Plan,
    Press,
    Route,
    Voice,
)
from rehearsal.numbering import e164

SHIPPED = Path(__file__).parent / "profiles"
_FIELDS = {"name", "weight", "ring", "keys", "routes", "after", "first_calls", "then"}
_DIGITS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of subscriber.

    Attributes:
        weight: its share, relative to the other entries.
        plan: what such a subscriber does, but for the ring.
        ring: shortest and longest ring in seconds.
        first_calls: the plan holds for that many calls to a number; 0 means all.
        then: the plan for calls after these.
    """

    weight: float
    plan: Plan
    ring: tuple[float, float]
    first_calls: int = 0
    then: Plan | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A population. The same seed, number and call count give the same plan in every run."""

    entries: tuple[Entry, ...]
    seed: int = 1

    def plan_for(self, dialled: str, nth: int) -> Plan:
        """The plan for the nth call (from 1) to a number, in whatever form it was dialled."""
        number = e164(dialled)
        lot = random.Random(f"{self.seed}:{number}")  # noqa: S311 - a simulation, to be repeated
        entry = lot.choices(self.entries, [e.weight for e in self.entries])[0]
        later = entry.then is not None and nth > entry.first_calls > 0
        plan = entry.then if later and entry.then is not None else entry.plan
        dice = random.Random(f"{self.seed}:{number}:{nth}")  # noqa: S311
        return replace(plan, ring=dice.uniform(*entry.ring))


def load(name_or_path: str, seed: int) -> Profile:
    """Read a shipped profile by name, or a TOML file by path.

    Raises:
        InvalidInput: there is no such profile, or what it says makes no sense.
    """
    path = SHIPPED / f"{name_or_path}.toml"
    if not path.is_file():
        path = Path(name_or_path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.toml")))
        raise InvalidInput(
            "profile", f"{name_or_path} cannot be read", f"Shipped profiles: {known}."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput("profile", f"{path} is not TOML: {error}") from error
    return read(table, seed)


def read(table: dict[str, Any], seed: int) -> Profile:
    """Make a profile of a parsed TOML table (docs/rehearsal.md describes the keys)."""
    ring = _range(table.get("ring", [0.1, 3.0]))
    rows = table.get("behaviour", [])
    if not rows:
        raise InvalidInput("behaviour", "a profile needs at least one [[behaviour]]")
    return Profile(tuple(_entry(row, ring) for row in rows), seed)


def _entry(row: dict[str, Any], ring: tuple[float, float]) -> Entry:
    unknown = row.keys() - _FIELDS
    if unknown:
        raise InvalidInput(
            "behaviour", f"unknown key {min(unknown)}", f"Known: {', '.join(sorted(_FIELDS))}."
        )
    weight = row.get("weight", 1)
    if not isinstance(weight, int | float) or weight <= 0:
        raise InvalidInput("weight", f"{weight!r} is not a positive number")
    then = DEFAULTS[_behaviour(row["then"])] if "then" in row else None
    first_calls = row.get("first_calls", 1 if then else 0)
    if not isinstance(first_calls, int) or first_calls < 0:
        raise InvalidInput("first_calls", f"{first_calls!r} is not a number of calls")
    return Entry(float(weight), _plan(row), _range(row.get("ring", ring)), first_calls, then)


def _plan(row: dict[str, Any]) -> Plan:
    behaviour = _behaviour(row.get("name", ""))
    plan = DEFAULTS[behaviour]
    routes = _routes(row, plan)
    keys = tuple(_press(text, routes) for text in row.get("keys", ()))
    plan = replace(plan, keys=keys or tuple(replace(key, routes=routes) for key in plan.keys))
    if plan.keys and plan.voice is Voice.NOTHING and set(routes) - {Route.INFO}:
        raise InvalidInput(
            "keys", "without audio a key can only go by SIP", 'Add routes = ["info"].'
        )
    if "after" in row:
        after = _seconds("after", row["after"])
        if behaviour is Behaviour.VANISHES:
            return replace(plan, vanishes_after=after)
        plan = replace(plan, hangs_up_after=after)
    return plan


def _behaviour(name: str) -> Behaviour:
    try:
        return Behaviour(name)
    except ValueError:
        known = ", ".join(Behaviour)
        raise InvalidInput("behaviour", f"{name!r} is not one", f"Known: {known}.") from None


def _routes(row: dict[str, Any], plan: Plan) -> tuple[Route, ...]:
    if "routes" not in row:
        return plan.keys[0].routes if plan.keys else (Route.RFC4733,)
    try:
        return tuple(Route(name) for name in row["routes"])
    except ValueError:
        raise InvalidInput("routes", f"known are {', '.join(Route)}") from None


def _press(text: str, routes: tuple[Route, ...]) -> Press:
    digit, at, times = str(text).partition("@")
    if not at or digit not in _DIGITS or len(digit) != 1:
        raise InvalidInput("keys", f"{text!r} is not a key and a time", "Write 9@2.5.")
    seconds, _, held = times.partition("/")
    press = Press(digit, _seconds("keys", seconds), routes)
    if not held:
        return press
    if not 0 < (down := _seconds("keys", held)) <= LONGEST_PRESS_SECONDS:
        raise InvalidInput(
            "keys", f"{held!r} is not for how long a key is held",
            f"Write more than 0 and at most {LONGEST_PRESS_SECONDS:g}.",
        )  # fmt: skip
    return replace(press, held=down)


def _seconds(field: str, value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise InvalidInput(field, f"{value!r} is not a number of seconds")
    return seconds


def _range(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InvalidInput("ring", f"{value!r} is not a pair of seconds", "Write [0.1, 3.0].")
    low, high = (_seconds("ring", v) for v in value)
    if high < low:
        raise InvalidInput("ring", f"{low} to {high} runs backwards")
    return low, high
