"""The outline of a sound, to be looked at."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from audio.decode import decode
from audio.encode import read

RATE_HZ = 8_000
"""What is drawn has far fewer points than this."""

_FULL_SCALE = np.float32(32_768)


@lru_cache(maxsize=64)
def outline(path: Path, bars: int) -> tuple[float, ...]:
    """How loud a recording is, from its beginning to its end.

    Args:
        path: a file that never changes, as those of the library.
        bars: in how many equal pieces.

    Returns:
        The highest sample of each piece, from 0 to 1, full scale.

    Raises:
        InvalidInput: it is no recording.
    """
    return peaks(np.abs(decode(path, RATE_HZ)), bars)


@lru_cache(maxsize=64)
def drawn(alaw: Path, bars: int) -> tuple[float, ...]:
    """The same of a file that Asterisk plays: headerless A-law at 8 kHz."""
    return peaks(np.abs(read(alaw).astype(np.float32) / _FULL_SCALE), bars)


def peaks(magnitude: np.ndarray[tuple[int], np.dtype[np.float32]], bars: int) -> tuple[float, ...]:
    """The highest value of each of so many equal pieces, at most 1."""
    pieces = np.array_split(magnitude, bars)
    return tuple(min(1.0, float(piece.max())) if len(piece) else 0.0 for piece in pieces)
