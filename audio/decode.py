"""From a file to samples: one channel of float32, read in blocks so that memory stays bounded.

libsndfile (through ``soundfile``) decodes all but M4A and AAC (``audio.aac``). Every bound is
enforced on what is really read, not only on what a header claims.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from audio import aac
from audio.container import FIELD, damaged, read_by_ffmpeg, truncated
from campaigns.errors import InvalidInput

Samples: TypeAlias = npt.NDArray[np.float32]

MAX_SECONDS = 600
MAX_CHANNELS = 2
RATES_HZ = range(8_000, 192_001)
BLOCK_FRAMES = 65_536

# A float file may pass full scale a little; beyond 40 dB over it, the samples are damage.
_ABSURD_PEAK = 100.0
# libsndfile reports such a length where a FLAC header gives none, and can't find its end then.
_UNKNOWN_FRAMES = 2**62
# An MP3 or Vorbis header can be off by a codec frame or two without anything missing.
_LENGTH_SLACK_SECONDS = 0.15


@contextmanager
def opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a recording for reading, whatever its extension.

    Raises:
        InvalidInput: no decoder understands it, or its header is absurd.
    """
    with ExitStack() as lent:
        container = read_by_ffmpeg(path)
        if container is not None:
            # One second more than is allowed, which tells a recording that is too long.
            path = lent.enter_context(aac.decoded(path, container, MAX_SECONDS + 1))
        descriptor = os.open(path, os.O_RDONLY)  # by descriptor: libsndfile then ignores the name
        try:
            file = lent.enter_context(soundfile.SoundFile(descriptor))
        except soundfile.SoundFileError as error:
            raise damaged() from error
        _check_header(file)
        yield file


def mono_blocks(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Yield the recording in order, its channels averaged into one, at its own rate.

    Raises:
        InvalidInput: it is damaged, cut off or longer than MAX_SECONDS.
    """
    frames = 0
    while len(block := _read(file)):
        frames += len(block)
        if frames > MAX_SECONDS * file.samplerate:
            raise too_long()
        if not np.abs(block).max() <= _ABSURD_PEAK:  # nor is NaN
            raise damaged()
        mono: Samples = block.mean(axis=1, dtype=np.float32)
        yield mono
    if file.frames - frames > _LENGTH_SLACK_SECONDS * file.samplerate:
        raise truncated()


def decode(path: Path, rate_hz: int) -> Samples:
    """Read a whole recording as one channel, resampled block by block with soxr HQ.

    Returns:
        float32 samples at rate_hz, full scale 1.0.

    Raises:
        InvalidInput: as ``opened`` and ``mono_blocks``.
    """
    with opened(path) as file:
        resampler = soxr.ResampleStream(file.samplerate, rate_hz, 1, dtype="float32", quality="HQ")
        pieces = [resampler.resample_chunk(block) for block in mono_blocks(file)]
        pieces.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(pieces)


def too_long() -> InvalidInput:
    """Explain that no call could play a recording to its end."""
    return InvalidInput(
        FIELD,
        f"the recording is longer than {MAX_SECONDS // 60} minutes.",
        "Cut it: people stay on the line for 30 seconds or so.",
    )


def _check_header(file: soundfile.SoundFile) -> None:
    if not 1 <= file.channels <= MAX_CHANNELS:
        raise InvalidInput(
            FIELD,
            f"the recording has {file.channels} channels; a telephone has one.",
            "Export it in mono or stereo.",
        )
    if file.samplerate not in RATES_HZ:
        raise InvalidInput(
            FIELD,
            f"the sampling rate is {file.samplerate} Hz; it must lie between "
            f"{RATES_HZ.start} and {RATES_HZ.stop - 1} Hz.",
            "Export it at 44,100 or 48,000 Hz.",
        )
    if file.frames >= _UNKNOWN_FRAMES:
        raise InvalidInput(
            FIELD,
            "the file does not say how long it is, as if it were recorded from a stream.",
            "Open it in a sound editor and save it again.",
        )
    if file.frames > MAX_SECONDS * file.samplerate:
        raise too_long()


def _read(file: soundfile.SoundFile) -> Samples:
    try:
        block: Samples = file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise damaged() from error
    return block
