"""What the far side says: recordings and made sounds as 20 ms frames of A-law and mu-law."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from campaigns.errors import InvalidInput
from rehearsal.behaviour import LONGEST_PRESS_SECONDS, Voice

RATE = 8000
FRAME = 160
"""Samples, and octets of G.711, in 20 ms."""

_RECORDINGS = Path(__file__).parent / "voices"
_CODECS = {"PCMA/8000": "ALAW", "PCMU/8000": "ULAW"}
_BEEP_HZ, _BEEP_SECONDS = 1000.0, 0.4
_NOISE_DBFS = -55.0
_NOISE_SECONDS = 4.0

_LOW, _HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
_KEYPAD = ("123A", "456B", "789C", "*0#D")
"""The rows and columns of a keypad and their tones in hertz (ITU-T Q.23)."""

_DIGITS = "".join(_KEYPAD)
_TONE_LEVEL = 0.2

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Track:
    """Where a sound lies among the frames: played from `first` up to `end`, then from `loop`."""

    first: int
    end: int
    loop: int


@dataclass(frozen=True, slots=True)
class Library:
    """Every sound once.

    Attributes:
        frames: per codec name, octets of shape (frames, 160).
        tracks: the recordings that may stand for each voice.
        tones: the first of the frames that are the tones of a key, for as long as one is held.
    """

    frames: dict[str, NDArray[np.uint8]]
    tracks: dict[Voice, tuple[Track, ...]]
    tones: dict[str, int]


def load_library(directory: Path | None = None) -> Library:
    """Read the recordings and lay them out, each followed by what is heard after it.

    Args:
        directory: other answers: `human-*.flac` and `machine-*.flac`, 8 kHz mono, each all that is
            heard from the answer on, its beep included; None for those that ship.

    Raises:
        InvalidInput: there are none of one kind in it.
    """
    sounds: list[Samples] = []
    noise, still = _noise(), _silence(1.0)
    humans = [_then(sounds, [one], noise) for one in _answers(directory, Voice.HUMAN)]
    machines = [_then(sounds, [one], still) for one in _answers(directory, Voice.MACHINE)]
    announcement = _recording(_RECORDINGS / "announcement.flac")
    tracks = {
        Voice.HUMAN: tuple(humans),
        Voice.MACHINE: tuple(machines),
        Voice.ANNOUNCEMENT: (_then(sounds, [], np.concatenate([announcement, _silence(1.0)])),),
        Voice.SILENCE: (_then(sounds, [], _silence(1.0)),),
    }
    tones = {digit: _then(sounds, [_tones(digit)], _silence(0.02)).first for digit in _DIGITS}
    everything = np.concatenate(sounds)
    frames = {name: _encode(everything, subtype) for name, subtype in _CODECS.items()}
    return Library(frames, tracks, tones)


def _answers(directory: Path | None, voice: Voice) -> list[Samples]:
    found = sorted((directory or _RECORDINGS).glob(f"{voice}-*.flac"))
    if not found:
        raise InvalidInput("voices", f"{directory} holds no {voice}-*.flac")
    read = [_recording(path) for path in found]
    shipped = directory is None and voice is Voice.MACHINE
    return [_greeting(one) for one in read] if shipped else read


def _greeting(words: Samples) -> Samples:
    return np.concatenate([_silence(0.4), words, _silence(0.5), _beep()])


def _then(sounds: list[Samples], once: list[Samples], forever: Samples) -> Track:
    first = sum(map(len, sounds)) // FRAME
    start = _whole_frames(np.concatenate([*once, np.zeros(0)]))
    rest = _whole_frames(forever)
    sounds += [start, rest]
    loop = first + len(start) // FRAME
    return Track(first, loop + len(rest) // FRAME, loop)


def _whole_frames(samples: Samples) -> Samples:
    return np.pad(samples, (0, -len(samples) % FRAME))


def _recording(path: Path) -> Samples:
    samples, rate = sf.read(path, dtype="float64")
    if rate != RATE or samples.ndim != 1:
        raise InvalidInput("voices", f"{path} is not 8 kHz mono")
    return np.asarray(samples)


def _noise() -> Samples:
    """Low room noise: a person's line is never digitally silent."""
    lot = np.random.default_rng(1)
    return lot.normal(0.0, 10 ** (_NOISE_DBFS / 20), int(_NOISE_SECONDS * RATE))


def _beep() -> Samples:
    times = np.arange(int(_BEEP_SECONDS * RATE)) / RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * _BEEP_HZ * times))


def _tones(digit: str) -> Samples:
    row = next(index for index, keys in enumerate(_KEYPAD) if digit in keys)
    times = 2 * np.pi * np.arange(int(LONGEST_PRESS_SECONDS * RATE)) / RATE
    low, high = _LOW[row], _HIGH[_KEYPAD[row].index(digit)]
    return np.asarray(_TONE_LEVEL * (np.sin(low * times) + np.sin(high * times)))


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))


def _encode(samples: Samples, subtype: str) -> NDArray[np.uint8]:
    raw = io.BytesIO()
    sf.write(raw, samples, RATE, format="RAW", subtype=subtype)
    return np.frombuffer(raw.getvalue(), np.uint8).reshape(-1, FRAME)
