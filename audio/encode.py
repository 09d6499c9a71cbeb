"""Samples written as Asterisk reads them: headerless, one file a codec, so it never transcodes.

Asterisk chooses a file by its extension (``formats/format_pcm.c``, ``format_sln.c``): ``.alaw``
and ``.ulaw`` are ITU-T G.711 at 8 kHz, ``.sln`` and ``.sln16`` signed 16-bit little-endian at 8
and 16 kHz. From ``.sln16`` it makes G.722 itself.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile

from audio.condition import NARROW_HZ, WIDE_HZ
from audio.decode import Samples

Pcm: TypeAlias = npt.NDArray[np.int16]

_FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoding Asterisk can play from a file: its rate in hertz, and libsndfile's name."""

    rate_hz: int
    subtype: str


CODECS = {
    "alaw": Codec(NARROW_HZ, "ALAW"),
    "ulaw": Codec(NARROW_HZ, "ULAW"),
    "sln": Codec(NARROW_HZ, "PCM_16"),
    "sln16": Codec(WIDE_HZ, "PCM_16"),
}


def pcm(samples: Samples) -> Pcm:
    """Round float samples to 16 bits, clipping what lies beyond full scale."""
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    clipped: Pcm = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
    return clipped


def encode(samples_by_rate: dict[int, Pcm], base: Path) -> dict[str, Path]:
    """Write one file for each codec, to the disk and not only to its cache.

    Args:
        samples_by_rate: the message at 8,000 and at 16,000 Hz.
        base: path without extension; ``base.alaw`` and so on are written.

    Returns:
        the path written for each codec.
    """
    written = {}
    for extension, codec in CODECS.items():
        path = base.with_name(f"{base.name}.{extension}")
        _write(path, samples_by_rate[codec.rate_hz], codec)
        written[extension] = path
    return written


def read(path: Path) -> Pcm:
    """Read a file that ``encode`` wrote back to 16-bit samples, as a phone decodes it."""
    codec = CODECS[path.suffix.removeprefix(".")]
    samples, _ = soundfile.read(
        path, dtype="int16", channels=1, samplerate=codec.rate_hz,
        subtype=codec.subtype, format="RAW", endian="LITTLE",
    )  # fmt: skip
    return np.asarray(samples, np.int16)


def _write(path: Path, samples: Pcm, codec: Codec) -> None:
    with path.open("wb") as stream:
        soundfile.write(
            stream, samples, codec.rate_hz, subtype=codec.subtype, format="RAW", endian="LITTLE"
        )
        stream.flush()
        os.fsync(stream.fileno())
