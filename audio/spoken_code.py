"""A code spoken digit by digit, twice, as one recording."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from audio.condition import WIDE_HZ
from audio.decode import Samples

DIGITS = Path(__file__).with_name("digits")
LANGUAGES = ("fr", "en")
_PAUSE_S = 0.35


def speak(code: str, language: str, path: Path) -> None:
    """Write the recording of a code as WAV.

    Args:
        code: decimal digits.
        language: one of LANGUAGES.
        path: of the file to write.
    """
    pause = np.zeros(int(_PAUSE_S * WIDE_HZ), np.float32)
    words = [_recording(language, name) for name in ("code", *code, "again", *code)]
    soundfile.write(path, np.concatenate(list(_apart(words, pause))), WIDE_HZ, subtype="PCM_16")


def _apart(words: list[Samples], pause: Samples) -> Iterator[Samples]:
    for word in words:
        yield word
        yield pause


def _recording(language: str, name: str) -> Samples:
    samples, _ = soundfile.read(DIGITS / language / f"{name}.flac", dtype="float32")
    return np.asarray(samples, np.float32)
