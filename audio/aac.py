"""What telephones and some recorders write, AAC or ALAC, read by the system's ``ffmpeg``.

libsndfile has no decoder for it; ``audio.ffmpeg`` has one, where it is installed.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile
import structlog

from audio import adts, ffmpeg, m4a
from audio.container import FIELD, damaged, truncated
from audio.m4a import Track
from campaigns.errors import InvalidInput

# An encoder's first and last frames, of which a player hears a part.
_LENGTH_SLACK_SECONDS = 0.15

_DEMUXERS = {"M4A": "mov", "AAC": "aac"}

log = structlog.get_logger()


def has_decoder() -> bool:
    """Whether this machine can read it."""
    return ffmpeg.is_there()


def track_of(path: Path, container: str) -> Track:
    """Find the sound of a whole file.

    Args:
        path: the file.
        container: ``M4A`` or ``AAC``.

    Raises:
        InvalidInput: it holds neither AAC nor ALAC.
    """
    return m4a.track_of(path) if container == "M4A" else adts.track_of(path)


@contextmanager
def decoded(path: Path, container: str, most_seconds: int) -> Iterator[Path]:
    """Lend a WAV of 16 bits, at the rate and with the channels of a recording.

    Args:
        path: the recording, whole.
        container: ``M4A`` or ``AAC``.
        most_seconds: no more than this much of it is decoded.

    Raises:
        InvalidInput: there is no decoder here, it holds no sound, or the sound is damaged or ends
            before the index says.
    """
    track = track_of(path, container)
    if not has_decoder():
        raise InvalidInput(
            FIELD,
            f"this is an {container} file, and nothing is installed here that reads one.",
            "Export the recording as WAV, MP3, FLAC or OGG, or have ffmpeg installed "
            "on the server.",
        )
    if not track.seconds:
        raise InvalidInput(
            FIELD,
            "the file does not say how long it is, as if it were recorded from a stream.",
            "Open it in a sound editor and save it again.",
        )
    with tempfile.TemporaryDirectory(prefix="portevoix-aac-") as directory:
        wav = Path(directory) / "decoded.wav"
        _decode(path, container, wav, most_seconds)
        if soundfile.info(wav).duration < min(track.seconds, most_seconds) - _LENGTH_SLACK_SECONDS:
            raise truncated()
        yield wav


def _decode(path: Path, container: str, wav: Path, most_seconds: int) -> None:
    """Nothing but this file is opened, whatever it names, and nothing else in it is decoded."""
    source = [
        "-protocol_whitelist", "file", "-codec_whitelist", "aac,alac", "-threads", "1",
        "-f", _DEMUXERS[container], "-i", f"file:{path.absolute()}",
    ]  # fmt: skip
    target = ["-map", "0:a:0", "-t", str(most_seconds), "-c:a", "pcm_s16le", "-f", "wav", str(wav)]
    ended = ffmpeg.run([*source, *target])
    if ended.code:
        log.info("a recording was not decoded", ended=ended.code, said=ended.said)
        raise _costly() if ended.code < 0 else damaged()


def _costly() -> InvalidInput:
    return InvalidInput(
        FIELD,
        "to decode the file takes more time or room than that of a message may.",
        "Export the recording as WAV, MP3, FLAC or OGG.",
    )
