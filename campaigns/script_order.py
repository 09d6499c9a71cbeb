"""What a message says, in which order, and what a rule pack wants of it. Pure.

The order is checked on the timeline of the audio that is played, not on a list of names: what a
person hears first is what begins first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from campaigns.errors import InvalidInput


class Part(StrEnum):
    """What a recording says."""

    LABEL = "label"  # that this is a recorded message, or what kind of call it is
    IDENTITY = "identity"  # on whose behalf it is
    OPT_OUT = "opt_out"  # that 9 stops the calls
    BODY = "body"
    DATA_SOURCE = "data_source"  # where the number comes from
    CALLBACK = "callback"  # the number to ring back


_NAMES = {
    Part.LABEL: "what kind of call it is",
    Part.IDENTITY: "on whose behalf it is",
    Part.OPT_OUT: "that 9 stops the calls",
    Part.BODY: "what it is about",
    Part.DATA_SOURCE: "where the number comes from",
    Part.CALLBACK: "which number to ring back",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One recording of a message, in its place.

    Attributes:
        says: what it says, in order.
        start_ms, end_ms: its place in the message.
    """

    says: tuple[Part, ...]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class OrderRule:
    """What a pack wants.

    Attributes:
        needed: what every message says.
        order: what comes before what, of what it says.
        opt_out_within_s: seconds from the end of the identity to the beginning of the opt-out;
            None for no rule.
    """

    needed: frozenset[Part] = frozenset()
    order: tuple[Part, ...] = ()
    opt_out_within_s: float | None = None


NO_RULE = OrderRule()


def check_order(
    spoken: Iterable[Spoken], rule: OrderRule, pack: str, elsewhere: frozenset[Part] = frozenset()
) -> None:
    """Refuse a message that does not say what it must, or says it too late.

    Args:
        spoken: its recordings, in whatever order.
        rule: what the pack wants.
        pack: its name, for the message.
        elsewhere: what the script says at the press of a key.

    Raises:
        InvalidInput: names what is missing or out of its place.
    """
    timeline = sorted(spoken, key=lambda one: one.start_ms)
    heard = [part for one in timeline for part in one.says]
    for part in rule.needed - set(heard) - elsewhere:
        raise InvalidInput(
            "script.says", f"nothing says {_NAMES[part]} ({part}), which {pack} wants.",
            "Add a recording, or say which one does.",
        )  # fmt: skip
    _check_sequence([part for part in heard if part in rule.order], rule.order, pack)
    _check_prompt(timeline, rule, pack)


def _check_sequence(heard: Sequence[Part], order: Sequence[Part], pack: str) -> None:
    first = list(dict.fromkeys(heard))
    for earlier, later in pairwise(first):
        if order.index(earlier) > order.index(later):
            raise InvalidInput(
                "script.says",
                f"{_NAMES[later]} ({later}) is said after {_NAMES[earlier]} ({earlier}); "
                f"{pack} wants it before.",
                "Put the recordings in another order.",
            )


def _check_prompt(timeline: Sequence[Spoken], rule: OrderRule, pack: str) -> None:
    known = [_place(timeline, part) for part in (Part.IDENTITY, Part.OPT_OUT)]
    if rule.opt_out_within_s is None or None in known:
        return
    identity, opt_out = (one for one in known if one is not None)
    gap_s = 0.0 if identity is opt_out else (opt_out.start_ms - identity.end_ms) / 1000
    if gap_s > rule.opt_out_within_s:
        raise InvalidInput(
            "script.says",
            f"that 9 stops the calls is said {gap_s:.1f} s after the name; {pack} wants it within "
            f"{rule.opt_out_within_s:g} s.",
            "Put it right after the name.",
        )


def _place(timeline: Sequence[Spoken], part: Part) -> Spoken | None:
    return next((one for one in timeline if part in one.says), None)
