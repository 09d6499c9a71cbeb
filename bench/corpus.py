"""Recordings as managers bring them: spoken ones that are shipped, and generated ones. Seeded."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Sound = npt.NDArray[np.float64]

_ROOT = Path(__file__).parents[1]
_SPOKEN = ("examples/*.flac", "audio/prompts/*/*.flac")
_SECONDS = 12.0
_RATES_HZ = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000)
_LEVELS_DB = (-24.0, -12.0, -6.0, -1.0)
_SYLLABLES_PER_S = 4.0


def recordings(directory: Path, seed: int = 5) -> list[Path]:
    """Write the corpus; every file of it."""
    made = [path for pattern in _SPOKEN for path in sorted(_ROOT.glob(pattern))]
    return [*made, *_generated(directory, np.random.default_rng(seed))]


def _generated(directory: Path, chance: np.random.Generator) -> Iterator[Path]:
    """Each kind of sound at each level, at one rate after the other, in mono and in stereo."""
    kinds = {"speech": _speech, "pink": _pink, "chord": _chord, "quiet-loud": _quiet_then_loud}
    for number, (kind, level) in enumerate((k, v) for k in kinds for v in _LEVELS_DB):
        rate = _RATES_HZ[number % len(_RATES_HZ)]
        sound = kinds[kind](rate, chance)
        sound *= 10 ** (level / 20) / np.abs(sound).max()
        stereo = np.stack([sound, 0.5 * sound], axis=1) if number % 2 else sound
        path = directory / f"{kind}{level:+.0f}dB-{rate}.wav"
        soundfile.write(path, stereo, rate, subtype="PCM_16" if number % 3 else "FLOAT")
        yield path


def _speech(rate: int, chance: np.random.Generator) -> Sound:
    """Noise shaped as a long-term speech spectrum, in syllables and pauses."""
    time = np.arange(int(_SECONDS * rate)) / rate
    syllables = np.maximum(0, np.sin(2 * np.pi * _SYLLABLES_PER_S / 2 * time)) ** 2
    pauses = (time % 3.0) < 2.4
    return _coloured(rate, chance, 500.0) * syllables * pauses


def _pink(rate: int, chance: np.random.Generator) -> Sound:
    return _coloured(rate, chance, 40.0)


def _coloured(rate: int, chance: np.random.Generator, from_hz: float) -> Sound:
    """Noise that falls by 3 dB an octave above a frequency, and is flat below it."""
    count = int(_SECONDS * rate)
    spectrum = np.fft.rfft(chance.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / rate)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, from_hz)), count)


def _chord(rate: int, chance: np.random.Generator) -> Sound:
    """Steady tones with a DC offset and a hum, as a bad interface makes them."""
    time = np.arange(int(_SECONDS * rate)) / rate
    tones = [np.sin(2 * np.pi * hz * time + chance.random()) for hz in (330, 880, 1320, 2640)]
    return np.sum(tones, axis=0) + 0.4 + 0.2 * np.sin(2 * np.pi * 50 * time)


def _quiet_then_loud(rate: int, chance: np.random.Generator) -> Sound:
    """Somebody who comes nearer the microphone, with a shout at the end."""
    sound = _speech(rate, chance)
    envelope = np.linspace(0.05, 0.6, len(sound))
    envelope[-rate:] = 2.0
    return sound * envelope
