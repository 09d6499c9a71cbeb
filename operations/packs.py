"""Reading rule packs: those shipped with the product, and newer versions installed at a site."""

import hashlib
import re
import tomllib
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.errors import InvalidInput
from campaigns.rules import windows
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import Force, Pack, Rule
from campaigns.rules.pack_changes import check_force_of_law, version_of
from campaigns.rules.purposes import Purpose
from campaigns.script_order import NO_RULE, OrderRule, Part
from campaigns.stages import Measure, check_stages

_DIRECTORY = Path(windows.__file__).with_name("packs")

_SECTIONS = {
    "purposes", "bases", "windows", "holidays", "evidence", "max_attempts", "frequency", "holds",
    "caller_id",
}  # fmt: skip
_MAY_BE = {"elections", "authority", "machines", "script"}
_KEYS = {"id", "version", "as_of", "verify_by"} | _SECTIONS | _MAY_BE

_SINCE = {"purposes": "for", "bases": "allowed", "elections": "calendar", "authority": "signatory"}
"""Sections that a site's pack may be older than, and a word that shows that it is not."""


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
    own = _read(file)
    if own.id != pack_id or version_of(own.version) <= version_of(shipped.version):
        return shipped
    check_force_of_law(shipped, own)
    return own


def of_label(label: str, site: Path | None = None) -> Pack:
    """The newest version of the pack that a label is of, whatever its version was then.

    Raises:
        InvalidInput: it is shipped no more, or the site's loosens what has force of law.
    """
    return load(id_of(label), site)


def id_of(label: str) -> str:
    """The id in a label such as `fr-political@2026.11.27`."""
    return label.partition("@")[0]


def load_shipped(pack_id: str) -> Pack:
    """A pack as it came with the product.

    Raises:
        InvalidInput: there is none of that id.
    """
    if pack_id not in names():
        raise InvalidInput(
            "pack", f"there is no rule pack «{pack_id}».", f"Choose one of: {', '.join(names())}."
        )
    return _read(_DIRECTORY / f"{pack_id}.toml")


def _read(file: Path) -> Pack:
    """From its bytes, so that its hash is that of the file."""
    return read_pack(file.read_bytes().decode("utf-8"))


def read_pack(text: str) -> Pack:
    """A pack as it is written in TOML; of rules that are newer than it, it says what is shipped.

    Raises:
        InvalidInput: something in it is missing or wrong.
    """
    try:
        plain = _completed(tomllib.loads(text))
        _check_keys(plain)
        found = replace(_pack(plain), sha256=hashlib.sha256(text.encode()).hexdigest())
        version_of(found.version)
        check_stages(found.stages)
        _check_days(found)
        _check_figures(found)
    except KeyError as error:
        raise InvalidInput("pack", f"it has no {error}.", "Add it.") from error
    except (ValueError, TypeError, AttributeError, re.error) as error:
        raise InvalidInput("pack", f"is no rule pack: {error}.") from error
    return found


def _completed(plain: dict[str, Any]) -> dict[str, Any]:
    """Rules that came after a site wrote its pack bind there too: nobody has loosened them."""
    if plain["id"] not in names():
        return plain
    shipped = tomllib.loads((_DIRECTORY / f"{plain['id']}.toml").read_text("utf-8"))
    lacking = (name for name, word in _SINCE.items() if word not in plain.get(name, {}))
    return {**plain, **{name: shipped[name] for name in lacking if name in shipped}}


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
        purposes=frozenset(map(Purpose, plain["purposes"]["for"])),
        bases=frozenset(map(BasisKind, plain["bases"]["allowed"])),
        calendar=bool(plain.get("elections", {}).get("calendar", False)),
        public_body=bool(plain.get("authority", {}).get("public_body", False)),
        signatory=bool(plain.get("authority", {}).get("signatory", False)),
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
