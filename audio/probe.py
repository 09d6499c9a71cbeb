"""What a recording is, and whether a telephone call can be made of it."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio import aac
from audio.container import FIELD, container_of
from audio.decode import Samples, mono_blocks, opened
from audio.levels import dbfs
from campaigns.errors import InvalidInput

MAX_BYTES = 100 * 1024 * 1024
MIN_SECONDS = 1.0
# Speech into a badly set microphone still peaks above -40 dBFS; a room with nobody in it does not.
SILENT_BELOW_DBFS = -55.0
_FULL_SCALE = 0.999

MOST_CLIPPED_SHARE = 0.05
"""Of samples at full scale: speech that was recorded too loud has up to a percent of them."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The measures of a recording, its channels averaged into one as the phone plays them.

    Attributes:
        format: the container: WAV, MP3, FLAC, OGG, M4A or AAC.
        codec: libsndfile's name for the encoding, as PCM_16, VORBIS, OPUS, MPEG_LAYER_III; AAC or
            ALAC of the last two.
        seconds: length as decoded.
        rate_hz: sampling rate of the file.
        channels: channels of the file.
        peak_dbfs: highest sample, in dB below full scale (above 0 is possible in float and MP3).
        rms_dbfs: level of the whole without its DC, in dB below full scale.
        clipped_share: share of samples at full scale, 0 to 1; above 0.001 people hear it, above
            `MOST_CLIPPED_SHARE` they hear little else.
    """

    format: str
    codec: str
    seconds: float
    rate_hz: int
    channels: int
    peak_dbfs: float
    rms_dbfs: float
    clipped_share: float


def probe(path: Path, name: str | None = None) -> Probe:
    """Read a recording through once and measure it.

    Args:
        path: the file.
        name: what its owner called it, if the path is not named so.

    Raises:
        InvalidInput: it cannot become a message; says why in the owner's terms.
    """
    if not path.is_file():
        raise InvalidInput(FIELD, f"there is no file {path.name}.", "Check where it is.")
    if path.stat().st_size > MAX_BYTES:
        raise too_big()
    container = container_of(path, name)
    levels = _Levels()
    with opened(path) as file:
        codec, rate_hz, channels = str(file.subtype), int(file.samplerate), int(file.channels)
        for block in mono_blocks(file):
            levels.add(block)
    if container in {"M4A", "AAC"}:
        codec = aac.track_of(path, container).codec
    found = levels.probe(container, codec, rate_hz, channels)
    _check_worth_playing(found)
    return found


class _Levels:
    """Running sums over the blocks of a recording."""

    def __init__(self) -> None:
        self.frames = 0
        self.clipped = 0
        self.peak = 0.0
        self.total = 0.0
        self.energy = 0.0

    def add(self, block: Samples) -> None:
        magnitude = np.abs(block)
        self.frames += len(block)
        self.clipped += int(np.count_nonzero(magnitude >= _FULL_SCALE))
        self.peak = max(self.peak, float(magnitude.max()))
        self.total += float(block.sum(dtype=np.float64))
        self.energy += float(np.square(block, dtype=np.float64).sum())

    def probe(self, container: str, codec: str, rate_hz: int, channels: int) -> Probe:
        frames = max(self.frames, 1)
        power = max(self.energy / frames - (self.total / frames) ** 2, 0.0)
        return Probe(
            format=container,
            codec=codec,
            seconds=self.frames / rate_hz,
            rate_hz=rate_hz,
            channels=channels,
            peak_dbfs=dbfs(self.peak),
            rms_dbfs=dbfs(math.sqrt(power)),
            clipped_share=self.clipped / frames,
        )


def _check_worth_playing(found: Probe) -> None:
    if found.seconds < MIN_SECONDS:
        raise InvalidInput(
            FIELD,
            f"the recording lasts {found.seconds:.2f} s; nothing can be said in under a second.",
            "Record the whole message.",
        )
    if found.rms_dbfs < SILENT_BELOW_DBFS:
        raise silent()
    if found.clipped_share > MOST_CLIPPED_SHARE:
        raise InvalidInput(
            FIELD,
            f"the recording is distorted: {found.clipped_share:.0%} of it is as loud as a file can "
            "say, and cut off there.",
            "Record it again further from the microphone, or with its level turned down.",
        )


def too_big() -> InvalidInput:
    """Explain that a file is over MAX_BYTES."""
    return InvalidInput(
        FIELD,
        f"the file is larger than {MAX_BYTES // 1024**2} MB.",
        "Export it as MP3, OGG or FLAC, or cut it.",
    )


def silent() -> InvalidInput:
    """Explain that a phone has nothing to play in a recording."""
    return InvalidInput(
        FIELD,
        "the recording is silent, or so quiet that nothing would be heard on a phone.",
        "Check the microphone, listen to the file, and record it again.",
    )
