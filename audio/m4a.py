"""M4A: what telephones record, AAC or ALAC in an MP4 container (ISO/IEC 14496-12 and -14).

The index tells what it holds and how long that plays; ``audio.aac`` decodes it.
"""

import mmap
import re
from dataclasses import dataclass
from pathlib import Path

from audio.container import FIELD
from campaigns.errors import InvalidInput

# A sample entry is the first thing in its table: size of the table, version and flags, count, size.
_SAMPLE_ENTRY = re.compile(rb"stsd.{12}(mp4a|alac)", re.DOTALL)
_CODECS = {b"mp4a": "AAC", b"alac": "ALAC"}


@dataclass(frozen=True, slots=True)
class Track:
    """The sound of a recording, as its own headers have it.

    Attributes:
        codec: ``AAC`` or ``ALAC``.
        seconds: how long it plays; 0 where they do not say.
    """

    codec: str
    seconds: float


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
