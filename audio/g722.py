"""ITU-T G.722 at 64 kbit/s, 16 kHz in 8 octets a millisecond, by the system's ffmpeg.

Written once, so that Asterisk need not encode it in each call; and only where a trunk has it, as
to start that program takes longer than everything else that is done for a message.
"""

import tempfile
from pathlib import Path

import structlog

from audio import ffmpeg
from audio.condition import WIDE_HZ

EXTENSION = "g722"

log = structlog.get_logger()


def has_encoder() -> bool:
    """Whether this machine can write it. Where not, Asterisk makes it of the 8 kHz samples."""
    return ffmpeg.is_there()


def write(wide: bytes, path: Path) -> bool:
    """Encode signed 16-bit little-endian samples at 16 kHz; whether it was written."""
    with tempfile.NamedTemporaryFile(prefix="portevoix-g722-") as raw:
        raw.write(wide)
        raw.flush()
        source = ["-f", "s16le", "-ar", str(WIDE_HZ), "-ac", "1", "-i", f"file:{raw.name}"]
        target = ["-c:a", "g722", "-f", "g722", f"file:{path.absolute()}"]
        ended = ffmpeg.run([*source, *target])
    if ended.code:
        log.warning("a message has no G.722 of its own", ended=ended.code, said=ended.said)
        path.unlink(missing_ok=True)
    return not ended.code
