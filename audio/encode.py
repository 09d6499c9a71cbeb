"""Samples written as Asterisk reads them: headerless, one file a codec, so it never transcodes.

Asterisk chooses a file by its extension (``formats/format_pcm.c``, ``format_sln.c``): ``.alaw``
and ``.ulaw`` are ITU-T G.711 at 8 kHz, ``.sln`` signed 16-bit little-endian at 8 kHz, ``.g722``
ITU-T G.722 at 16 kHz, which is there where a trunk has it and this machine can write it
(``audio.g722``).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile

from audio import g722
from audio.condition import NARROW_HZ, WIDE_HZ
from audio.decode import Samples

Pcm: TypeAlias = npt.NDArray[np.int16]

_FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoding at 8 kHz that Asterisk can play from a file, by libsndfile's name."""

    subtype: str


CODECS = {
    "alaw": Codec("ALAW"),
    "ulaw": Codec("ULAW"),
    "sln": Codec("PCM_16"),
}


def written_here(*, wideband: bool) -> list[str]:
    """The codecs in which this machine writes a message, G.722 only where it is asked for."""
    return sorted([*CODECS, g722.EXTENSION] if wideband and g722.has_encoder() else CODECS)


def pcm(samples: Samples) -> Pcm:
    """Round float samples to 16 bits, clipping what lies beyond full scale."""
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    clipped: Pcm = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    return clipped


def encode(
    samples_by_rate: dict[int, Pcm], base: Path, *, wideband: bool = False
) -> dict[str, Path]:
    """Write one file for each codec, to the disk and not only to its cache.

    Args:
        samples_by_rate: the message at 8,000 and at 16,000 Hz.
        base: path without extension; ``base.alaw`` and so on are written.
        wideband: G.722 is written too, where this machine can.

    Returns:
        the path written for each codec.
    """
    written = {}
    for extension, codec in CODECS.items():
        path = base.with_name(f"{base.name}.{extension}")
        _write(path, samples_by_rate[NARROW_HZ], codec)
        written[extension] = path
    wide = base.with_name(f"{base.name}.{g722.EXTENSION}")
    asked = g722.EXTENSION in written_here(wideband=wideband)
    if asked and g722.write(samples_by_rate[WIDE_HZ].astype("<i2").tobytes(), wide):
        written[g722.EXTENSION] = wide
    return written


def read(path: Path) -> Pcm:
    """Read a file at 8 kHz that ``encode`` wrote back to 16-bit samples, as a phone decodes it."""
    codec = CODECS[path.suffix.removeprefix(".")]
    samples, _ = soundfile.read(
        path, dtype="int16", channels=1, samplerate=NARROW_HZ,
        subtype=codec.subtype, format="RAW", endian="LITTLE",
    )  # fmt: skip
    return np.asarray(samples, np.int16)


def _write(path: Path, samples: Pcm, codec: Codec) -> None:
    with path.open("wb") as stream:
        soundfile.write(
            stream, samples, NARROW_HZ, subtype=codec.subtype, format="RAW", endian="LITTLE"
        )
        stream.flush()
        os.fsync(stream.fileno())
