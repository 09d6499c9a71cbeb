"""AAC without a container: frames one after the other, each with a header of its own.

ISO/IEC 13818-7, section 6.2, «adts_frame».
"""

from pathlib import Path

from audio.container import damaged, truncated
from audio.m4a import Track

_HEADER_BYTES = 7
_SAMPLES = 1024
"""Of each channel in a raw block."""
_FAR_TOO_LONG_SECONDS = 3600
"""No recording is taken of which so much is found: the rest is not looked at."""
_RATES_HZ = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
)  # fmt: skip


def track_of(path: Path) -> Track:
    """Walk the frames to the end of the file, or to where it is far too long: nothing else says it.

    Raises:
        InvalidInput: it ends within a frame, or holds something else between them.
    """
    total, at, seconds = path.stat().st_size, 0, 0.0
    with path.open("rb") as stream:
        while at < total and seconds < _FAR_TOO_LONG_SECONDS:
            stream.seek(at)
            header = stream.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                raise truncated()
            size, lasts = _frame(header)
            at += size
            if at > total:
                raise truncated()
            seconds += lasts
    return Track("AAC", seconds)


def _frame(header: bytes) -> tuple[int, float]:
    """How many bytes a frame has, and how many seconds it lasts."""
    rate = header[2] >> 2 & 0x0F
    size = (header[3] & 0x03) << 11 | header[4] << 3 | header[5] >> 5
    opens = header[0] == 0xFF and header[1] & 0xF6 == 0xF0
    if not opens or rate >= len(_RATES_HZ) or size < _HEADER_BYTES:
        raise damaged()
    return size, ((header[6] & 0x03) + 1) * _SAMPLES / _RATES_HZ[rate]
