"""What a file really is, judged by its bytes before any decoder sees them.

Only six kinds of file reach a decoder, whatever the name of the file says, and a file that
ends before its own header says is refused: a message whose end is missing could lack the
callback number or the way to refuse.
"""

import os
from pathlib import Path

from campaigns.errors import InvalidInput

FIELD = "recording"

_EXTENSIONS = {
    "wav": "WAV",
    "wave": "WAV",
    "mp3": "MP3",
    "flac": "FLAC",
    "ogg": "OGG",
    "oga": "OGG",
    "opus": "OGG",
    "m4a": "M4A",
    "mp4": "M4A",
    "aac": "AAC",
}
_HEAD_BYTES = 12
_CHUNK_HEADER_BYTES = 8
_MPEG_SYNC, _MPEG_LAYER = 0xFFE0, 0x0006
_AAC_SYNC, _AAC_MASK = 0xFFF0, 0xFFF6
_OGG_HEADER_BYTES = 27
# The longest page there can be: its header, 255 sizes, 255 segments of 255 bytes.
_OGG_TAIL_BYTES = 27 + 255 + 255 * 255
_OGG_END_OF_STREAM = 0x04
_BOX_HEADER_BYTES, _LARGE_BOX_HEADER_BYTES = 8, 16
_MOST_BOXES = 100_000
_ID3_AT_END = b"TAG"  # some programs put one after everything
# Encoders that write to a pipe can't go back to fill in the size and leave one of these.
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
# Some writers forget the pad byte of an odd chunk, or count their own header in its size.
_SIZE_SLACK_BYTES = 64


def container_of(path: Path, name: str | None = None) -> str:
    """Name the container of a file: ``WAV``, ``MP3``, ``FLAC``, ``OGG``, ``M4A`` or ``AAC``.

    Args:
        path: the file, complete on disk.
        name: what its owner called it; the path's own name if not given.

    Raises:
        InvalidInput: the file is empty, cut off, not one of the six, or named as another.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise InvalidInput(FIELD, "the file is empty.", "Choose the recording again.")
    found = _recognise(head)
    _check_name(name or path.name, found)
    if found == "WAV":
        _check_wav_is_whole(path)
    elif found == "OGG":
        _check_ogg_is_whole(path)
    elif found == "M4A":
        _check_m4a_is_whole(path)
    return found


def read_by_ffmpeg(path: Path) -> str | None:
    """``M4A`` or ``AAC``, whatever the name of a file; None where libsndfile reads it."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if _opens_m4a(head):
        return "M4A"
    return "AAC" if _starts_aac_frame(head) else None


def damaged() -> InvalidInput:
    """Explain that no decoder gets to the end of a file."""
    return InvalidInput(
        FIELD,
        "the file is damaged or cut off: it cannot be decoded to its end.",
        "Export or download the recording again.",
    )


def truncated() -> InvalidInput:
    """Explain that a file stops before the end its header announces."""
    return InvalidInput(
        FIELD,
        "the file is cut off: it ends before its own header says it should.",
        "Export or download the recording again.",
    )


def _recognise(head: bytes) -> str:
    if _opens_m4a(head):
        return "M4A"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"fLaC":
        return "FLAC"
    if head[:4] == b"OggS":
        return "OGG"
    if _starts_aac_frame(head):
        return "AAC"
    if head[:3] == b"ID3" or _starts_mpeg_frame(head):
        return "MP3"
    raise InvalidInput(
        FIELD,
        "this is not a WAV, MP3, FLAC, OGG, M4A or AAC recording.",
        "Export the recording as WAV, MP3, FLAC or OGG.",
    )


def _opens_m4a(head: bytes) -> bool:
    """The type of the file comes first (ISO/IEC 14496-12, section 4.3)."""
    return head[4:8] == b"ftyp"


def _starts_mpeg_frame(head: bytes) -> bool:
    """Eleven bits at one open every MPEG audio frame; layer 0 is AAC without a container."""
    start = int.from_bytes(head[:2], "big")
    return start & _MPEG_SYNC == _MPEG_SYNC and bool(start & _MPEG_LAYER)


def _starts_aac_frame(head: bytes) -> bool:
    """Twelve bits at one, and layer 0 (ISO/IEC 13818-7, section 6.2.1)."""
    return int.from_bytes(head[:2], "big") & _AAC_MASK == _AAC_SYNC


def _check_name(name: str, found: str) -> None:
    extension = Path(name).suffix.lower().removeprefix(".")
    said = _EXTENSIONS.get(extension)
    if said is not None and said != found:
        raise InvalidInput(
            FIELD,
            f"the file is named .{extension} but what it holds is {found}.",
            "Check that it is the right file, and give it its true extension.",
        )


def _check_wav_is_whole(path: Path) -> None:
    """Walk the RIFF chunks to ``data`` and compare its size with what the file has left."""
    total = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(_HEAD_BYTES)
        while len(header := stream.read(_CHUNK_HEADER_BYTES)) == _CHUNK_HEADER_BYTES:
            size = int.from_bytes(header[4:], "little")
            if header[:4] == b"data":
                if size not in _UNKNOWN_SIZES and size > total - stream.tell() + _SIZE_SLACK_BYTES:
                    raise truncated()
                return
            stream.seek(size + size % 2, os.SEEK_CUR)
    raise truncated()


def _check_ogg_is_whole(path: Path) -> None:
    """Look for a last page that ends the stream and is all there (RFC 3533, section 6)."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _OGG_TAIL_BYTES))
        tail = stream.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < _OGG_HEADER_BYTES or not page[5] & _OGG_END_OF_STREAM:
        raise truncated()
    segments = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + page[26]]
    if len(page) < _OGG_HEADER_BYTES + page[26] + sum(segments):
        raise truncated()


def _check_m4a_is_whole(path: Path) -> None:
    """Walk the boxes to the end of the file; one must be the index, which says where the sound is.

    A box gives its size first; 1 stands for a larger number behind its name, 0 for «to the end»
    (ISO/IEC 14496-12, section 4.2).
    """
    total, at, indexed = path.stat().st_size, 0, False
    with path.open("rb") as stream:
        for _ in range(_MOST_BOXES):
            stream.seek(at)
            header = stream.read(_LARGE_BOX_HEADER_BYTES)
            if indexed and (total - at < _BOX_HEADER_BYTES or header[:3] == _ID3_AT_END):
                return
            size = int.from_bytes(header[:4], "big") or total - at
            if size == 1:
                size = int.from_bytes(header[8:], "big")
            if size < _BOX_HEADER_BYTES or at + size > total:
                raise truncated()
            indexed |= header[4:8] == b"moov"
            at += size
    raise damaged()
