"""The parts of a script joined into one message, with small fades and pauses, by pydub.

One file is what makes a message gapless and the position heard known: Asterisk opens nothing in
the middle of a call. pydub cuts, fades and joins; it never resamples, since it does so without a
filter (a 6 kHz tone comes back at 2 kHz, almost as loud).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio.condition import LEAD_MS, WIDE_HZ
from audio.decode import Samples
from audio.encode import Pcm, pcm

with warnings.catch_warnings():
    # pydub looks for an ffmpeg, which nothing here needs, and says so to whoever imports it.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

# Each part keeps up to 100 ms of its own silence at either end, so speech rests about 0.4 s.
PAUSE_MS = 200
FADE_IN_MS = 5
FADE_OUT_MS = 20


@dataclass(frozen=True, slots=True)
class Span:
    """Where a part lies in the message, in milliseconds from its first sample."""

    start_ms: int
    end_ms: int


def join(parts: Sequence[Samples]) -> tuple[Pcm, tuple[Span, ...]]:
    """Join conditioned parts, in order, after a lead of silence.

    Args:
        parts: mono at 16 kHz, each a whole number of milliseconds long.

    Returns:
        16-bit samples at 16 kHz, and where each part lies in them.
    """
    message = _silence(LEAD_MS)
    spans: list[Span] = []
    for part in parts:
        pause = _silence(PAUSE_MS) if spans else AudioSegment.empty()
        start_ms = len(message) + len(pause)
        message = message + pause + _segment(part).fade_in(FADE_IN_MS).fade_out(FADE_OUT_MS)
        spans.append(Span(start_ms, len(message)))
    return np.frombuffer(message.raw_data, np.int16), tuple(spans)


def _segment(part: Samples) -> AudioSegment:
    return AudioSegment(data=pcm(part).tobytes(), sample_width=2, frame_rate=WIDE_HZ, channels=1)


def _silence(milliseconds: int) -> AudioSegment:
    return AudioSegment.silent(duration=milliseconds, frame_rate=WIDE_HZ)
