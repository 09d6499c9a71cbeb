"""Reading rule packs: those shipped with the product, and newer versions installed at a site."""

import hashlib
import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

from campaigns.contacts.basis import Evidence
from campaigns.errors import InvalidInput
from campaigns.rules import windows
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import Force, Pack, Rule
from campaigns.rules.pack_changes import check_force_of_law, version_of
from campaigns.script_order import NO_RULE, OrderRule, Part
from campaigns.stages import Measure, check_stages

_DIRECTORY = Path(windows.__file__).with_name("packs")

_SECTIONS = {
    "windows", "holidays", "evidence", "max_attempts", "frequency", "holds", "caller_id",
}  # fmt: skip
_KEYS = {"id", "version", "as_of", "verify_by", "purposes", "machines", "script"} | _SECTIONS


def names() -> list[str]:
    """Ids of every pack there is."""
    return sorted(path.stem for path in _DIRECTORY.glob("*.toml"))


def load(pack_id: str, site: Path | None = None) -> Pack:
    """The newest version of a pack.

    Args:
        pack_id: such as `fr-political`.
        site: where newer versions were installed; None for what is shipped.

    Raises:
        InvalidInput: there is none of that id, or the site's loosens what has force of law.
    """
    shipped = load_shipped(pack_id)
    file = site / f"{pack_id}.toml" if site else None
    if file is None or not file.is_file():
        return shipped
    own = read_pack(file.read_text("utf-8"))
    if own.id != pack_id or version_of(own.version) <= version_of(shipped.version):
        return shipped
    check_force_of_law(shipped, own)
    return own


def load_shipped(pack_id: str) -> Pack:
    """A pack as it came with the product.

    Raises:
        InvalidInput: there is none of that id.
    """
    if pack_id not in names():
        raise InvalidInput(
            "pack", f"there is no rule pack «{pack_id}».", f"Choose one of: {', '.join(names())}."
        )
    return read_pack((_DIRECTORY / f"{pack_id}.toml").read_text("utf-8"))


def read_pack(text: str) -> Pack:
    """A pack as it is written in TOML.

    Raises:
        InvalidInput: something in it is missing or wrong.
    """
    try:
        plain = tomllib.loads(text)
        _check_keys(plain)
        found = _pack(plain)
        version_of(found.version)
        check_stages(found.stages)
        _check_days(found)
        _check_figures(found)
    except KeyError as error:
        raise InvalidInput("pack", f"it has no {error}.", "Add it.") from error
    except (ValueError, TypeError, AttributeError, re.error) as error:
        raise InvalidInput("pack", f"is no rule pack: {error}.") from error
    return found


def _check_keys(plain: dict[str, Any]) -> None:
    unknown = plain.keys() - _KEYS
    if unknown:
        raise InvalidInput("pack", f"«{min(unknown)}» means nothing in it.", "Remove it.")
    for name in _SECTIONS:
        if not isinstance(plain[name], dict) or not str(plain[name]["source"]).strip():
            raise InvalidInput(name, "it does not say where it comes from.", "Write its source.")


def _check_days(pack: Pack) -> None:
    if not all(isinstance(day, date) for day in (pack.as_of, pack.verify_by)):
        raise InvalidInput("as_of", "it or verify_by is no day.", "Write it as 2026-11-26.")
    if pack.verify_by <= pack.as_of:
        raise InvalidInput("verify_by", "it is not after as_of.", "Correct one of the two.")


def _check_figures(pack: Pack) -> None:
    if pack.max_attempts < 1:
        raise InvalidInput("max_attempts", "it allows less than one attempt.", "Write most = 3.")
    for measure, share in pack.bounds.items():
        if not 0 < share <= 1:
            raise InvalidInput(
                f"holds.bounds.{measure}", f"{share} is no share.", "Write 0.02 for 2 %."
            )


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
        max_attempts=int(plain["max_attempts"]["most"]),
        frequency=Cap(plain["frequency"]["most"], plain["frequency"]["days"]),
        caller_id=re.compile(plain["caller_id"]["pattern"]),
        stages=tuple(plain["holds"]["stages"]),
        bounds={Measure(name): share for name, share in plain["holds"]["bounds"].items()},
        # A pack that says nothing of machines, as those before this rule, allows none.
        machine_messages=bool(plain.get("machines", {}).get("leave_message", False)),
        not_for=frozenset(plain.get("purposes", {}).get("not_for", ())),
        rules={
            name: Rule(Force(one["force"]), one["source"])
            for name, one in plain.items()
            if isinstance(one, dict)
        },
        script=_script(plain["script"]) if "script" in plain else NO_RULE,
    )


def _script(plain: dict[str, Any]) -> OrderRule:
    within = plain.get("opt_out_within_s")
    return OrderRule(
        needed=frozenset(map(Part, plain["needed"])),
        order=tuple(map(Part, plain["order"])),
        opt_out_within_s=None if within is None else float(within),
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
