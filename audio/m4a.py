"""M4A: what telephones record, AAC or ALAC in an MP4 container (ISO/IEC 14496-12 and -14).

libsndfile has no decoder for it. The system's ``ffmpeg`` has one, where it is installed
(``audio.ffmpeg``).
"""

import mmap
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import soundfile
import structlog

from audio import ffmpeg
from audio.container import FIELD, damaged, truncated
from campaigns.errors import InvalidInput

# An encoder's first and last frames, of which a player hears a part.
_LENGTH_SLACK_SECONDS = 0.15
# A sample entry is the first thing in its table: size of the table, version and flags, count, size.
_SAMPLE_ENTRY = re.compile(rb"stsd.{12}(mp4a|alac)", re.DOTALL)
_CODECS = {b"mp4a": "AAC", b"alac": "ALAC"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Track:
    """The sound of an M4A, as its index has it.

    Attributes:
        codec: ``AAC`` or ``ALAC``.
        seconds: how long it plays; 0 where the index does not say.
    """

    codec: str
    seconds: float


def has_decoder() -> bool:
    """Whether this machine can read M4A."""
    return ffmpeg.is_there()


def track_of(path: Path) -> Track:
    """Find the sound of a whole M4A.

    Raises:
        InvalidInput: it holds neither AAC nor ALAC.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as held:
        found = _SAMPLE_ENTRY.search(held)
        if found is not None:
            return Track(_CODECS[found[1]], _seconds(held, found.start()))
    raise InvalidInput(
        FIELD,
        "this M4A or MP4 file holds no sound that can be read here (AAC or ALAC).",
        "Export the recording as WAV, MP3, FLAC or OGG.",
    )


@contextmanager
def decoded(path: Path, most_seconds: int) -> Iterator[Path]:
    """Lend a WAV of 16 bits, at the rate and with the channels of an M4A.

    Args:
        path: the M4A, whole.
        most_seconds: no more than this much of it is decoded.

    Raises:
        InvalidInput: there is no decoder here, it holds no sound, or the sound is damaged or ends
            before the index says.
    """
    track = track_of(path)
    if not has_decoder():
        raise InvalidInput(
            FIELD,
            "this is an M4A or MP4 file, and nothing is installed here that reads one.",
            "Export the recording as WAV, MP3, FLAC or OGG, or have ffmpeg installed "
            "on the server.",
        )
    if not track.seconds:
        raise InvalidInput(
            FIELD,
            "the file does not say how long it is, as if it were recorded from a stream.",
            "Open it in a sound editor and save it again.",
        )
    with tempfile.TemporaryDirectory(prefix="portevoix-m4a-") as directory:
        wav = Path(directory) / "decoded.wav"
        _decode(path, wav, most_seconds)
        if soundfile.info(wav).duration < min(track.seconds, most_seconds) - _LENGTH_SLACK_SECONDS:
            raise truncated()
        yield wav


def _seconds(held: mmap.mmap, before: int) -> float:
    """The length of the track whose sample entry lies there (ISO/IEC 14496-12, 8.2.2, 8.3.2).

    In the track's header it is in units of the movie's, as it plays: what was cut away in an editor
    is still in the file.
    """
    movie, track = held.rfind(b"mvhd", 0, before), held.rfind(b"tkhd", 0, before)
    if movie < 0 or track < movie:
        return 0.0
    scale = _number(held, movie + 8 + 2 * _wide(held, movie), 4)
    length = _number(held, track + 16 + 2 * _wide(held, track), _wide(held, track))
    return length / scale if scale else 0.0


def _wide(held: mmap.mmap, header: int) -> int:
    """Bytes of an instant or a length: version 1 of a header has them of 64 bits."""
    return 8 if held[header + 4] else 4


def _number(held: mmap.mmap, at: int, size: int) -> int:
    return int.from_bytes(held[at : at + size], "big")


def _decode(path: Path, wav: Path, most_seconds: int) -> None:
    """Nothing but this file is opened, whatever it names, and nothing else in it is decoded."""
    source = [
        "-protocol_whitelist", "file", "-codec_whitelist", "aac,alac", "-threads", "1",
        "-f", "mov", "-i", f"file:{path.absolute()}",
    ]  # fmt: skip
    target = ["-map", "0:a:0", "-t", str(most_seconds), "-c:a", "pcm_s16le", "-f", "wav", str(wav)]
    ended = ffmpeg.run([*source, *target])
    if ended.code:
        log.info("an M4A was not decoded", ended=ended.code, said=ended.said)
        raise _costly() if ended.code < 0 else damaged()


def _costly() -> InvalidInput:
    return InvalidInput(
        FIELD,
        "to decode the file takes more time or room than that of a message may.",
        "Export the recording as WAV, MP3, FLAC or OGG.",
    )
