"""What differs between two versions of a rule pack, and what may not be loosened. Pure.

What has force of law in the pack that is shipped may be tightened by anybody. It is loosened, or
loses that force, only with a text of its own: the new version names another source for it, and was
read from the law (`as_of`) on a later day than the shipped one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from campaigns.errors import InvalidInput
from campaigns.rules.pack import Force, Pack
from campaigns.rules.windows import Window
from campaigns.stages import as_careful


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes:
        of: which section of the pack, or `as_of` or `verify_by`.
        before, after: in words.
        looser: more may be done than before.
    """

    of: str
    before: str
    after: str
    looser: bool = False


def version_of(text: str) -> tuple[int, ...]:
    """A version such as `2026.11.26` as it compares.

    Raises:
        InvalidInput: it is not of numbers and dots.
    """
    parts = text.split(".")
    if not all(one.isascii() and one.isdigit() for one in parts):
        raise InvalidInput("version", f"«{text}» is no version.", "Write it as 2026.11.26.")
    return tuple(map(int, parts))


def changes(old: Pack, new: Pack) -> list[Change]:
    """Everything that differs, in the order of the sections."""
    days = [
        Change(name, str(before), str(after))
        for name, before, after in (
            ("as_of", old.as_of, new.as_of),
            ("verify_by", old.verify_by, new.verify_by),
        )
        if before != after
    ]
    lax = looser(old, new)
    before, after = described(old), described(new)
    sections = [
        Change(name, before.get(name, "–"), after.get(name, "–"), name in lax)
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]
    return days + sections


def check_force_of_law(shipped: Pack, new: Pack) -> None:
    """Refuse what loosens the law without a text that does.

    Raises:
        InvalidInput: names the section.
    """
    lax = looser(shipped, new)
    for name, rule in shipped.rules.items():
        if rule.force is not Force.LAW:
            continue
        after = new.rules.get(name)
        weaker = after is None or after.force is not Force.LAW
        by_text = after is not None and after.source != rule.source and new.as_of > shipped.as_of
        if (weaker or name in lax) and not by_text:
            raise InvalidInput(
                name,
                f"it has force of law ({rule.source}) and is looser than as shipped.",
                "Only a newer text may loosen it: name it as the source of this section, and the "
                "day it was read as as_of.",
            )


def looser(old: Pack, new: Pack) -> frozenset[str]:
    """Sections in which the new pack allows what the old one does not."""
    return frozenset(name for name, lax in _LOOSER.items() if lax(old, new))


def described(pack: Pack) -> dict[str, str]:
    """Each section in a line, with its force and source."""
    said = {name: words(pack) for name, words in _WORDS.items() if name in pack.rules}
    return {
        name: f"{text} [{pack.rules[name].force}: {pack.rules[name].source}]"
        for name, text in said.items()
    }


def within(inner: Iterable[Window], outer: Sequence[Window]) -> bool:
    """Whether all hours of some windows lie in others'."""
    return all(
        _covered(one.start, one.end, [w for w in outer if day in w.days])
        for one in inner
        for day in one.days
    )


def _covered(start: time, end: time, windows: Sequence[Window]) -> bool:
    """Whether windows of one day leave nothing open of a span."""
    for one in sorted(windows, key=lambda window: window.start):
        if one.start <= start < one.end:
            start = one.end
    return start >= end


def _holds(pack: Pack) -> str:
    bounds = ", ".join(f"{name} {share:g}" for name, share in sorted(pack.bounds.items()))
    return f"stages {list(pack.stages)}; {bounds}"


def _hours(pack: Pack) -> str:
    return ", ".join(
        f"days {''.join(map(str, sorted(one.days)))} {one.start:%H:%M}-{one.end:%H:%M}"
        for one in pack.windows
    )


def _laxer_holds(old: Pack, new: Pack) -> bool:
    later = any(new.bounds.get(name, 1.0) > share for name, share in old.bounds.items())
    return later or not as_careful(new.stages, old.stages)


def _says(pack: Pack) -> str:
    rule = pack.script
    within = "" if rule.opt_out_within_s is None else f"; 9 within {rule.opt_out_within_s:g} s"
    return f"says {', '.join(sorted(rule.needed))} in the order {', '.join(rule.order)}{within}"


def _authority(pack: Pack) -> str:
    asked = (("a public body", pack.public_body), ("a named signatory", pack.signatory))
    return " and ".join(name for name, needed in asked if needed) or "anybody"


def _laxer_says(old: Pack, new: Pack) -> bool:
    """Any other order may be looser: which one says more cannot be told."""
    before, after = old.script.opt_out_within_s, new.script.opt_out_within_s
    later = before is not None and (after is None or after > before)
    return (
        later or not old.script.needed <= new.script.needed or old.script.order != new.script.order
    )


_WORDS: Mapping[str, Callable[[Pack], str]] = {
    "purposes": lambda pack: f"for {', '.join(sorted(pack.purposes))}",
    "bases": lambda pack: ", ".join(sorted(pack.bases)),
    "elections": lambda pack: "a calendar is demanded" if pack.calendar else "no calendar",
    "authority": _authority,
    "windows": _hours,
    "holidays": lambda pack: ", ".join(sorted(pack.holidays)) or "none",
    "evidence": lambda pack: f"proof by {pack.evidence}",
    "max_attempts": lambda pack: f"{pack.max_attempts} attempts in a campaign",
    "frequency": lambda pack: f"{pack.frequency.most} attempts in {pack.frequency.days} days",
    "holds": _holds,
    "machines": lambda pack: "a message" if pack.machine_messages else "no message",
    "script": _says,
    "caller_id": lambda pack: pack.caller_id.pattern,
}

_LOOSER: Mapping[str, Callable[[Pack, Pack], bool]] = {
    "purposes": lambda old, new: not new.purposes <= old.purposes,
    "bases": lambda old, new: not new.bases <= old.bases,
    "elections": lambda old, new: old.calendar and not new.calendar,
    "authority": lambda old, new: (
        (old.public_body and not new.public_body) or (old.signatory and not new.signatory)
    ),
    "windows": lambda old, new: not within(new.windows, old.windows),
    "holidays": lambda old, new: not old.holidays <= new.holidays,
    "evidence": lambda old, new: not new.evidence.at_least(old.evidence),
    "max_attempts": lambda old, new: new.max_attempts > old.max_attempts,
    "frequency": lambda old, new: (
        new.frequency.most > old.frequency.most or new.frequency.days < old.frequency.days
    ),
    "holds": _laxer_holds,
    "machines": lambda old, new: new.machine_messages and not old.machine_messages,
    "script": _laxer_says,
    # Whether one pattern allows less than another cannot be told: any other may be looser.
    "caller_id": lambda old, new: new.caller_id.pattern != old.caller_id.pattern,
}
