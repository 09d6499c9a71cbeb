"""What answers a call: machines and people, composed of a few recordings. The same in every run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

RATE = 8000
EACH = 200
"""Machines, and as many people."""

_RECORDINGS = Path(__file__).parent / "answers"

Samples = NDArray[np.float64]
Lot = np.random.Generator


@dataclass(frozen=True, slots=True)
class Answer:
    """One who answers.

    Attributes:
        name: of its file, without extension: `machine-007`.
        kind: what is special about it.
        ready_s: from the answer, when a message may begin: after the last beep, or after the
            greeting where none comes; 0 for a person.
    """

    name: str
    kind: str
    ready_s: float = 0.0

    @property
    def is_machine(self) -> bool:
        """Whether it is one."""
        return self.name.startswith("machine")

    @property
    def fixes(self) -> bool:
        """Whether it is of the half on which the thresholds are fixed.

        Every kind is in both halves; no greeting is, and nobody who answers for a firm.
        """
        return _fixes(int(self.name.rpartition("-")[2]))


def _fixes(index: int) -> bool:
    return index // len(_PEOPLE) % 2 == 0


@dataclass(frozen=True, slots=True)
class _Voices:
    """What people say, of one half.

    Attributes:
        words: a word or two.
        firms: who answers for one: five to seven seconds in one breath.
    """

    words: list[Samples]
    firms: list[Samples]


def write(directory: Path, each: int = EACH) -> list[Answer]:
    """Write so many machines and so many people as the network reads them."""
    greetings, words, firms = (_spoken(kind) for kind in ("greeting", "person", "firm"))
    voices = {half: _Voices(words, _of_half(firms, fixes=half)) for half in (True, False)}
    made = []
    for index in range(each):
        lot = np.random.default_rng((1, index))
        samples, kind, ready = _machine(greetings[index % len(greetings)], lot)
        made.append(_keep(directory, f"machine-{index:03d}", samples, kind, ready))
        lot = np.random.default_rng((2, index))
        kind, answer = _PEOPLE[index % len(_PEOPLE)]
        heard = answer(voices[_fixes(index)], lot)
        made.append(_keep(directory, f"human-{index:03d}", heard, kind, 0.0))
    return made


def _of_half(spoken: list[Samples], *, fixes: bool) -> list[Samples]:
    """Every other sentence, in both of its voices."""
    return [one for number, one in enumerate(spoken) if (number // 2 % 2 == 0) is fixes]


def _keep(directory: Path, name: str, samples: Samples, kind: str, ready: float) -> Answer:
    sf.write(directory / f"{name}.flac", np.clip(samples, -1, 1), RATE, subtype="PCM_16")
    return Answer(name, kind, ready)


def _spoken(kind: str) -> list[Samples]:
    paths = sorted(_RECORDINGS.glob(f"{kind}-*.ogg"))
    return [np.asarray(sf.read(path, dtype="float64")[0]) for path in paths]


# Machines


def _machine(greeting: Samples, lot: Lot) -> tuple[Samples, str, float]:
    """A greeting in a voice, a room and a line of its own; what it is; when it may be spoken to."""
    beeps, kind = _beeps(lot)
    words = _at_level(_at_speed(greeting, lot), lot.uniform(-32, -14))
    parts = [_silence(lot.uniform(0.1, 1.5)), words]
    if beeps:
        parts += [_silence(lot.uniform(0.15, 1.8)), *beeps]
    heard = np.concatenate(parts)
    line = _noise(len(heard), lot.uniform(-70, -45), lot)
    return heard + line, kind, len(heard) / RATE


def _beeps(lot: Lot) -> tuple[list[Samples], str]:
    tone = _tone(lot.uniform(400, 2000), lot.uniform(0.15, 0.9), lot.uniform(-24, -8))
    drawn = lot.uniform()
    if drawn < 0.15:
        return [], "no beep"
    if drawn < 0.35:
        return [tone, _silence(lot.uniform(0.1, 0.7)), tone], "two beeps"
    return [tone], "one beep"


# People


def _a_word(voices: _Voices, lot: Lot) -> Samples:
    return _said(voices.words, lot, 1)


def _two_with_a_pause(voices: _Voices, lot: Lot) -> Samples:
    return np.concatenate([_said(voices.words, lot, 1), _silence(2.0), _said(voices.words, lot, 1)])


def _four_seconds(voices: _Voices, lot: Lot) -> Samples:
    """Who asks again and again whether somebody is there."""
    heard = np.zeros(0)
    while len(heard) < 4 * RATE:
        heard = np.concatenate([heard, _said(voices.words, lot, 1, before=(0.15, 0.5))])
    return heard


def _late(voices: _Voices, lot: Lot) -> Samples:
    return np.concatenate([_silence(lot.uniform(1.5, 3)), _said(voices.words, lot, 1)])


def _in_noise(voices: _Voices, lot: Lot) -> Samples:
    street = _street(25, lot.uniform(-38, -24), lot)
    return _over(street, _said(voices.words, lot, 2))


def _with_music(voices: _Voices, lot: Lot) -> Samples:
    return _over(_music(25, lot.uniform(-34, -20), lot), _said(voices.words, lot, 2))


def _answers_back(voices: _Voices, lot: Lot) -> Samples:
    """Who speaks with the message as with a person."""
    turns = [_said(voices.words, lot, 1, before=(0.8, 4.0)) for _ in range(5)]
    return np.concatenate(turns)


def _says_nothing(voices: _Voices, lot: Lot) -> Samples:
    del voices
    return _noise(10 * RATE, lot.uniform(-70, -50), lot)


def _for_a_firm(voices: _Voices, lot: Lot) -> Samples:
    """Who says for whom they answer, and then listens."""
    return _said(voices.firms, lot, 1)


def _for_a_firm_twice(voices: _Voices, lot: Lot) -> Samples:
    """Who says it, hears a recording, and asks whether somebody is there."""
    again = _said(voices.words, lot, 2, before=(0.5, 2.5))
    return np.concatenate([_for_a_firm(voices, lot), again])


def _for_a_firm_in_noise(voices: _Voices, lot: Lot) -> Samples:
    return _over(_street(25, lot.uniform(-44, -32), lot), _for_a_firm(voices, lot))


def _puts_on_hold(voices: _Voices, lot: Lot) -> Samples:
    """A switchboard that plays music to whoever waits."""
    return np.concatenate([_said(voices.words, lot, 1), _music(25, lot.uniform(-26, -12), lot)])


_PEOPLE: list[tuple[str, Callable[[_Voices, Lot], Samples]]] = [
    ("a word", _a_word),
    ("a word", _a_word),
    ("two with a pause of 2 s", _two_with_a_pause),
    ("four seconds of words", _four_seconds),
    ("late", _late),
    ("in noise", _in_noise),
    ("with music", _with_music),
    ("answers back", _answers_back),
    ("a word", _a_word),
    ("says nothing", _says_nothing),
    ("for a firm", _for_a_firm),
    ("for a firm", _for_a_firm),
    ("for a firm, twice", _for_a_firm_twice),
    ("for a firm, in noise", _for_a_firm_in_noise),
    ("puts on hold", _puts_on_hold),
    ("four seconds of words", _four_seconds),
    ("in noise", _in_noise),
    ("with music", _with_music),
    ("answers back", _answers_back),
    ("two with a pause of 2 s", _two_with_a_pause),
]
"""Twenty, so that the forty greetings, taken in turn, are each of one half only."""


def _said(
    words: list[Samples], lot: Lot, count: int, before: tuple[float, float] = (0.2, 0.9)
) -> Samples:
    parts: list[Samples] = []
    for _ in range(count):
        word = _at_speed(words[int(lot.integers(len(words)))], lot)
        parts += [_silence(lot.uniform(*before)), _at_level(word, lot.uniform(-30, -14))]
    heard = np.concatenate(parts)
    return heard + _noise(len(heard), lot.uniform(-70, -48), lot)


def _over(background: Samples, foreground: Samples) -> Samples:
    background[: len(foreground)] += foreground[: len(background)]
    return background


# Sounds


def _at_speed(samples: Samples, lot: Lot) -> Samples:
    """Faster and higher, or slower and lower: another speaker."""
    return np.asarray(soxr.resample(samples, RATE, RATE * lot.uniform(0.87, 1.14)))


def _at_level(samples: Samples, dbfs: float) -> Samples:
    """With this mean level while it sounds."""
    loud = samples[np.abs(samples) > 0.01 * np.abs(samples).max()]
    return samples * 10 ** (dbfs / 20) / np.sqrt(np.mean(loud**2))


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))


def _noise(length: int, dbfs: float, lot: Lot) -> Samples:
    return lot.normal(0, 10 ** (dbfs / 20), length)


def _tone(hz: float, seconds: float, dbfs: float) -> Samples:
    times = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * times))


def _street(seconds: int, dbfs: float, lot: Lot) -> Samples:
    """Noise that swells and falls as cars pass."""
    swell = np.repeat(lot.uniform(0.2, 1.0, seconds * 2), RATE // 2)
    smooth = np.convolve(swell, np.ones(RATE // 2) / (RATE // 2), "same")
    return _noise(len(smooth), dbfs, lot) * smooth


def _music(seconds: int, dbfs: float, lot: Lot) -> Samples:
    """Chords that are struck and fade, at a pace of its own, as from a radio in the room."""
    beat = lot.uniform(0.3, 0.9)
    return np.concatenate(list(_chords(seconds, beat, dbfs, lot)))[: seconds * RATE]


def _chords(seconds: int, beat: float, dbfs: float, lot: Lot) -> Iterator[Samples]:
    fade = np.exp(-np.arange(int(beat * RATE)) / (RATE * lot.uniform(0.2, 1.5)))
    for _ in range(int(seconds / beat) + 1):
        root = 220 * 2 ** (lot.integers(12) / 12)
        notes = [_tone(root * 2 ** (step / 12), beat, dbfs) for step in (0, 4, 7)]
        yield np.sum([note[: len(fade)] * fade[: len(note)] for note in notes], axis=0)
