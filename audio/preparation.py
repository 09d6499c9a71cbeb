"""Recordings in, the files of one message out."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audio.condition import (
    LEAD_MS,
    NARROW_HZ,
    PEAK_LIMIT_DBFS,
    TARGET_LUFS,
    VERSION,
    WIDE_HZ,
    condition,
    limit,
    narrowband,
)
from audio.decode import MAX_SECONDS, Samples, decode, too_long
from audio.encode import Pcm, encode, pcm, written_here
from audio.join import FADE_IN_MS, FADE_OUT_MS, PAUSE_MS, join
from audio.levels import dbfs
from audio.loudness import loudness
from audio.message import MANIFEST, MessagePart, PreparedMessage, sha256_of

BASE_NAME = "message"


def message_id_of(sha256s: Sequence[str], *, wideband: bool) -> str:
    """Name the message that these recordings make, in this order, by this conditioning.

    Returns:
        32 hexadecimal digits: the same for the same sound, another for any other.
    """
    recipe = {
        "parts": list(sha256s),
        "version": VERSION,
        "target": TARGET_LUFS,
        "limit": PEAK_LIMIT_DBFS,
        "joins": [LEAD_MS, PAUSE_MS, FADE_IN_MS, FADE_OUT_MS],
        "codecs": written_here(wideband=wideband),
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:32]


def prepare_files(
    recordings: Sequence[Path], name: str, directory: Path, *, wideband: bool = False
) -> PreparedMessage:
    """Write the files of a message, and their manifest, into an empty directory.

    Args:
        recordings: the parts in the order they are heard.
        name: what to call the message.
        directory: exists, and is empty.
        wideband: G.722 is written too, where this machine can.

    Raises:
        InvalidInput: a part can't be heard, or the whole is longer than a call may be.
    """
    wide, spans = join([condition(decode(path, WIDE_HZ)) for path in recordings])
    if len(wide) > MAX_SECONDS * WIDE_HZ + LEAD_MS * WIDE_HZ // 1000:
        raise too_long()
    narrow = _for_telephone(wide)
    base = directory / BASE_NAME
    files = encode({NARROW_HZ: narrow, WIDE_HZ: wide}, base, wideband=wideband)
    sha256s = [sha256_of(path) for path in recordings]
    places = zip(sha256s, spans, strict=True)
    message = PreparedMessage(
        message_id=message_id_of(sha256s, wideband=wideband),
        name=name,
        base=base,
        seconds=len(narrow) / NARROW_HZ,
        loudness_lufs=round(loudness(_samples(narrow), NARROW_HZ), 2),
        peak_dbfs=round(dbfs(float(np.abs(_samples(narrow)).max())), 2),
        parts=tuple(MessagePart(sha256, span.start_ms, span.end_ms) for sha256, span in places),
        files=files,
        sha256s={codec: sha256_of(path) for codec, path in files.items()},
    )
    (directory / MANIFEST).write_text(message.manifest(), "utf-8")
    return message


def _for_telephone(wide: Pcm) -> Pcm:
    """Resample to 8 kHz; taking the highs away can raise a peak, so limit again."""
    return pcm(limit(narrowband(_samples(wide)), NARROW_HZ))


def _samples(samples: Pcm) -> Samples:
    return samples.astype(np.float32) / np.float32(2**15)
