"""Answering machines: told from what the far side says while the message is already playing.

Everybody is spoken to at once: no person ever waits in silence for a guess. A greeting is long,
goes on almost without a pause, and then stops for the caller to speak; a person says a word or two
and listens. Sound that never stops (a television, a street) is no greeting. The figures are those
of `make bench-machines`, fixed on one half of its recordings; where they leave a doubt it is a
person, who hears the message to its end.

To hang up on somebody takes more proof than to leave a message: a person who is left one hears it,
and can refuse. Who answers for a firm takes four to six seconds, and one breath, to say so. Pure.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from campaigns.errors import InvalidInput

SILENCE_MS = 200
"""Of silence after which sound is over, as the PBX counts it (TALK_DETECT, Asterisk)."""

LEVEL = 256
"""Average magnitude of a sample, of 32,767, from which on it is sound: the PBX's own measure."""

PAUSE_MS = 900
"""Of silence after which a greeting has ended: more than its speaker takes for breath."""

LEAST_SOUND_MS = 60
"""Of sound that counts: a click is none, and the PBX takes the first moment of any call for one."""

EARLIEST_MS = 200
"""After the answer: what sounds from the first moment on is the place where a person stands."""

LEAST_TALK_MS = 3_400
"""What a greeting says at least. Shorter ones are taken for a person's."""

LEAST_DENSITY = 0.5
"""Of the time from its first sound to its last, that a greeting fills with sound."""

SURE_TALK_MS = 8_000
"""What it says at least, before its first pause, where a call is ended for it."""

SURE_DENSITY = 0.75
"""How densely, likewise: what comes and goes as evenly as it stays is music, or a street."""

SURE_LONGEST_SOUND_MS = 4_200
"""Of sound without a pause, likewise: a street holds it for longer than a sentence."""

LONGEST_SOUND_MS = 5_000
"""Of sound without a pause of `SILENCE_MS`, which no speaker keeps up: it is music or noise."""

LATEST_MS = 15_000
"""After the answer: what goes on for longer is no greeting, but a conversation, or the place."""

BEEP_MS = 8_000
"""How long after a message was begun a beep may come that it did not wait for, or the rest of a
greeting that had only paused."""

MOST_BEGINNINGS = 4
"""How often a message is begun on one machine."""

TAIL_S = 30
"""Whole seconds for which the end of a greeting is waited for after the message has ended."""


class MachineMode(StrEnum):
    """What is done on an answering machine."""

    OFF = "off"
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"


@dataclass(frozen=True, slots=True)
class Machines:
    """What a campaign does on answering machines.

    Attributes:
        mode: as it says.
        message: path of the message that is left, without extension; empty where none is.
        message_ms: its length.
    """

    mode: MachineMode = MachineMode.OFF
    message: str = ""
    message_ms: int = 0

    def __post_init__(self) -> None:
        if bool(self.message) != (self.mode is MachineMode.LEAVE_MESSAGE):
            raise InvalidInput(
                "machines", "a message is left on machines only where there is one for them."
            )

    @property
    def listens(self) -> bool:
        """Whether it matters to the campaign who answered."""
        return self.mode is not MachineMode.OFF

    @property
    def most_ms(self) -> int:
        """By how much a machine lengthens a call at most."""
        again = MOST_BEGINNINGS * BEEP_MS if self.message else 0
        return TAIL_S * 1000 + again + self.message_ms if self.listens else 0


@dataclass(frozen=True, slots=True)
class Sound:
    """One stretch of sound, in ms since the answer."""

    start: int
    end: int

    @property
    def ms(self) -> int:
        """How long it lasted."""
        return self.end - self.start


@dataclass(slots=True)
class Ear:
    """What was heard of one far side since it answered.

    Attributes:
        sounds: stretches that are over, in order.
        since: when the one began that goes on; None in silence.
    """

    sounds: list[Sound] = field(default_factory=list)
    since: int | None = None

    def begins(self, at: int) -> None:
        """Sound begins, at so many ms since the answer."""
        self.since = at

    def ends(self, at: int) -> bool:
        """Sound has ended at that moment; whether it counts as one."""
        since, self.since = self.since, None
        if since is None or at - since < LEAST_SOUND_MS:
            return False
        self.sounds.append(Sound(since, at))
        return True

    def greets(self, mode: MachineMode) -> bool:
        """Whether what was said so far is a machine's, by the proof that a mode takes."""
        test = is_surely_greeting if mode is MachineMode.HANG_UP else is_greeting
        return test(self.sounds)

    def paused(self, at: int) -> bool:
        """Whether what was heard is over at that moment: it has been silent for long enough."""
        silent = self.since is None and bool(self.sounds)
        return silent and at - self.sounds[-1].end >= PAUSE_MS


def is_greeting(sounds: list[Sound]) -> bool:
    """Whether these are a machine's words rather than a person's."""
    if not sounds or sounds[0].start < EARLIEST_MS or sounds[-1].end > LATEST_MS:
        return False
    breathes = len(sounds) > 1 and all(one.ms <= LONGEST_SOUND_MS for one in sounds)
    return _says(sounds, LEAST_TALK_MS, LEAST_DENSITY) and breathes


def is_surely_greeting(sounds: list[Sound]) -> bool:
    """Whether no person says so much before their first pause; who went on after one is a person.

    A person who asks whether somebody is there, and tells it again, says as much in the end.
    """
    listened = any(after.start - one.end >= PAUSE_MS for one, after in pairwise(sounds))
    sentences = all(one.ms <= SURE_LONGEST_SOUND_MS for one in sounds)
    talks = is_greeting(sounds) and _says(sounds, SURE_TALK_MS, SURE_DENSITY)
    return talks and sentences and not listened


def _says(sounds: list[Sound], least_ms: int, density: float) -> bool:
    talk = sum(one.ms for one in sounds)
    return talk >= max(least_ms, density * (sounds[-1].end - sounds[0].start))


@dataclass(slots=True)
class Leaving:
    """A message that is being left: begun anew where a beep comes into it.

    Attributes:
        begun: when it was begun last, in ms since the answer.
        times: how often.
    """

    begun: int
    times: int = 1

    def begins_anew(self, at: int) -> bool:
        """Whether it is begun again as something that came into it is over; it counts then."""
        if at - self.begun > BEEP_MS or self.times >= MOST_BEGINNINGS:
            return False
        self.begun, self.times = at, self.times + 1
        return True
