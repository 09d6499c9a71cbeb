"""What a simulated subscriber does with a call: names, and the plan each name stands for."""

from dataclasses import dataclass, replace
from enum import StrEnum

PRESS_SECONDS = 0.16
"""How long a key is held down where nothing else is said: what phones commonly send."""

LONGEST_PRESS_SECONDS = 2.0


class Behaviour(StrEnum):
    """Every kind of far end the network can play."""

    ANSWERS_AND_LISTENS = "answers_and_listens"
    ANSWERS_LATE = "answers_late"
    HANGS_UP_AFTER = "hangs_up_after"
    PRESSES_KEY = "presses_key"
    DOUBLE_KEY = "double_key"
    BUSY = "busy"
    RINGS_OUT = "rings_out"
    ANSWERS_AT_TIMEOUT = "answers_at_timeout"
    DECLINED = "declined"
    UNWANTED = "unwanted"
    ANALYTICS_BLOCKED = "analytics_blocked"
    IDENTITY_REFUSED = "identity_refused"
    INVALID = "invalid"
    ANNOUNCEMENT_THEN_INVALID = "announcement_then_invalid"
    CONGESTED = "congested"
    UNAVAILABLE = "unavailable"
    ABSENT = "absent"
    BROKEN = "broken"
    REDIRECTED = "redirected"
    MACHINE = "machine"
    SILENT = "silent"
    NO_AUDIO = "no_audio"
    VANISHES = "vanishes"


class Route(StrEnum):
    """How a key press travels."""

    RFC4733 = "rfc4733"
    INFO = "info"
    INBAND = "inband"
    """As the two tones of ITU-T Q.23 in the sound; such a phone answers without telephone-event."""


class Voice(StrEnum):
    """What the PBX hears. Several recordings may stand behind one voice."""

    HUMAN = "human"
    MACHINE = "machine"
    ANNOUNCEMENT = "announcement"
    SILENCE = "silence"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Press:
    """One key.

    Attributes:
        digit: 0-9, *, # or A-D.
        at: seconds between the ACK of the answer and the moment the key goes down.
        routes: every way the press is sent; all at the same instant.
        held: seconds for which the key is down; INFO leaves as it goes down.
    """

    digit: str
    at: float
    routes: tuple[Route, ...] = (Route.RFC4733,)
    held: float = PRESS_SECONDS


_FROM_THE_EXCHANGE = frozenset({302, 404, 428, 486, 500, 503, 608})
"""Final answers that come without a ring: no telephone was reached."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that will be done with one call.

    Attributes:
        status: final answer to the INVITE, 0 to ring until cancelled.
        ring: seconds between the INVITE and that answer.
        reason: value of a Reason header (RFC 3326) on a refusal, or empty.
        redirects: the refusal carries a Contact with another user.
        early_media: 183 and the announcement are sent instead of 180.
        answers_on_cancel: the answer (200) leaves at the moment CANCEL arrives.
        keys: in order of time.
        hangs_up_after: seconds between the ACK and our BYE, or None.
        vanishes_after: seconds between the ACK and total silence, signalling included, or None.
    """

    behaviour: Behaviour
    status: int = 200
    ring: float = 0.2
    voice: Voice = Voice.HUMAN
    reason: str = ""
    redirects: bool = False
    early_media: bool = False
    answers_on_cancel: bool = False
    keys: tuple[Press, ...] = ()
    hangs_up_after: float | None = None
    vanishes_after: float | None = None

    @property
    def rings(self) -> bool:
        """Whether a telephone rings (180) before the final answer."""
        return not (self.status in _FROM_THE_EXCHANGE or self.reason or self.early_media)

    @property
    def inband(self) -> bool:
        """Whether this telephone knows of no other way for its keys than the sound."""
        return any(Route.INBAND in key.routes for key in self.keys)


def forward_number(number: str) -> str:
    """Whom a redirected call is pointed to: the number under an unassigned country code, 999."""
    return "+999" + "".join(filter(str.isdecimal, number))[-11:]


_B = Behaviour
_BOTH = (Route.RFC4733, Route.INFO)

DEFAULTS: dict[Behaviour, Plan] = {
    plan.behaviour: plan
    for plan in (
        Plan(_B.ANSWERS_AND_LISTENS),
        Plan(_B.ANSWERS_LATE, ring=20.0),
        Plan(_B.HANGS_UP_AFTER, hangs_up_after=1.0),
        Plan(_B.PRESSES_KEY, keys=(Press("9", 1.0),)),
        Plan(_B.DOUBLE_KEY, keys=(Press("9", 1.0, _BOTH),)),
        Plan(_B.BUSY, status=486),
        Plan(_B.RINGS_OUT, status=0),
        Plan(_B.ANSWERS_AT_TIMEOUT, status=0, answers_on_cancel=True),
        Plan(_B.DECLINED, status=603),
        Plan(_B.UNWANTED, status=607),
        Plan(_B.ANALYTICS_BLOCKED, status=608),
        Plan(_B.IDENTITY_REFUSED, status=428),
        Plan(_B.INVALID, status=404),
        Plan(_B.ANNOUNCEMENT_THEN_INVALID, status=404, early_media=True, ring=2.0),
        Plan(_B.CONGESTED, status=503),
        Plan(_B.UNAVAILABLE, status=480),
        Plan(_B.ABSENT, status=480, reason='Q.850;cause=20;text="Subscriber absent"'),
        Plan(_B.BROKEN, status=500),
        Plan(_B.REDIRECTED, status=302, redirects=True),
        Plan(_B.MACHINE, voice=Voice.MACHINE),
        Plan(_B.SILENT, voice=Voice.SILENCE),
        Plan(_B.NO_AUDIO, voice=Voice.NOTHING),
        Plan(_B.VANISHES, vanishes_after=2.0),
    )
}


def _keys(*presses: Press) -> Plan:
    return replace(DEFAULTS[_B.PRESSES_KEY], keys=presses)


_LEAVES = DEFAULTS[_B.HANGS_UP_AFTER]
_ANSWERS = DEFAULTS[_B.ANSWERS_AND_LISTENS]

BY_ENDING: dict[str, tuple[Plan, ...]] = {
    "01": (_LEAVES,),
    "02": (replace(_LEAVES, hangs_up_after=3.0),),
    "03": (replace(_LEAVES, hangs_up_after=10.0),),
    "04": (replace(_LEAVES, hangs_up_after=0.0),),
    "10": (_keys(Press("9", 1.0)),),
    "11": (_keys(Press("9", 3.0)),),
    "12": (_keys(Press("1", 2.0)),),
    "13": (_keys(Press("2", 2.0)),),
    "14": (_keys(Press("1", 1.0), Press("9", 3.0)),),
    "15": (_keys(Press("9", 0.0)),),
    "16": (_keys(Press("5", 2.0)),),
    "17": (_keys(Press("9", 1.0, (Route.INFO,))),),
    "18": (DEFAULTS[_B.DOUBLE_KEY],),
    "19": (replace(DEFAULTS[_B.DOUBLE_KEY], keys=(Press("1", 1.0, _BOTH),)),),
    "20": (DEFAULTS[_B.BUSY],),
    "21": (DEFAULTS[_B.BUSY], _ANSWERS),
    "22": (DEFAULTS[_B.RINGS_OUT],),
    "23": (DEFAULTS[_B.RINGS_OUT], _ANSWERS),
    "24": (DEFAULTS[_B.ANSWERS_AT_TIMEOUT],),
    "25": (DEFAULTS[_B.ANSWERS_LATE],),
    "30": (DEFAULTS[_B.DECLINED],),
    "31": (DEFAULTS[_B.UNWANTED],),
    "32": (DEFAULTS[_B.ANALYTICS_BLOCKED],),
    "33": (DEFAULTS[_B.IDENTITY_REFUSED],),
    "34": (DEFAULTS[_B.INVALID],),
    "35": (DEFAULTS[_B.ANNOUNCEMENT_THEN_INVALID],),
    "36": (DEFAULTS[_B.CONGESTED],),
    "37": (DEFAULTS[_B.UNAVAILABLE],),
    "38": (DEFAULTS[_B.ABSENT],),
    "39": (DEFAULTS[_B.BROKEN],),
    "40": (DEFAULTS[_B.REDIRECTED],),
    "50": (DEFAULTS[_B.MACHINE],),
    "51": (DEFAULTS[_B.SILENT],),
    "52": (DEFAULTS[_B.NO_AUDIO],),
    "53": (DEFAULTS[_B.VANISHES],),
    "54": (replace(DEFAULTS[_B.VANISHES], vanishes_after=0.0),),
    "60": (_keys(Press("1", 2.3), Press("2", 4.3), Press("1", 6.3)),),
    "61": (_keys(Press("2", 2.3), Press("1", 4.3), Press("2", 6.3)),),
    "62": (_keys(Press("1", 2.3), Press("9", 4.3)),),
    "63": (_keys(Press("0", 1.0)),),
    "64": (_keys(Press("#", 1.0)),),
    "65": (_keys(Press("*", 1.0)),),
}
"""Plans by the last two digits dialled: one per call to that number, the last one for all later
calls. Every other ending answers and listens. docs/rehearsal.md prints this table."""


def plan_by_number(number: str, nth: int) -> Plan:
    """The plan for the nth call (from 1) to a number, by its last two digits."""
    plans = BY_ENDING.get(number[-2:], (_ANSWERS,))
    return plans[min(nth, len(plans)) - 1]
