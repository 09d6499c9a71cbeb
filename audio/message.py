"""A prepared message: what Asterisk plays, and the manifest that says what it is."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class MessagePart:
    """One recording within a message: its hash, and its place in milliseconds."""

    sha256: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message ready to play.

    Attributes:
        message_id: hash of the recordings, their order and the conditioning; ``[0-9a-f]``.
        name: what the person who asked for it calls it.
        base: path without extension, as Asterisk's dialplan wants it.
        seconds: length.
        loudness_lufs: integrated loudness of what an 8 kHz phone plays.
        peak_dbfs: highest sample at 8 kHz.
        parts: the recordings and their places, in order.
        files: path by codec: alaw, ulaw, sln and, where it can be written, g722.
        sha256s: hash of each file, by codec.
    """

    message_id: str
    name: str
    base: Path
    seconds: float
    loudness_lufs: float
    peak_dbfs: float
    parts: tuple[MessagePart, ...]
    files: dict[str, Path]
    sha256s: dict[str, str]

    @property
    def directory(self) -> Path:
        """The directory that holds the files and nothing else."""
        return self.base.parent

    def damaged(self) -> list[str]:
        """Name the codecs whose file is missing or is not what was prepared."""
        return [
            codec
            for codec, path in self.files.items()
            if not path.is_file() or sha256_of(path) != self.sha256s[codec]
        ]

    def manifest(self) -> str:
        """Say everything but the name, as JSON, so that the directory explains itself."""
        return json.dumps(
            {
                "message_id": self.message_id,
                "base": self.base.name,
                "seconds": self.seconds,
                "loudness_lufs": self.loudness_lufs,
                "peak_dbfs": self.peak_dbfs,
                "parts": [[part.sha256, part.start_ms, part.end_ms] for part in self.parts],
                "sha256s": self.sha256s,
            },
            indent=1,
        )


def read_message(directory: Path, name: str) -> PreparedMessage:
    """Read the manifest of a prepared message.

    Raises:
        FileNotFoundError: there is none.
    """
    said: dict[str, Any] = json.loads((directory / MANIFEST).read_text("utf-8"))
    base = directory / said["base"]
    return PreparedMessage(
        message_id=said["message_id"],
        name=name,
        base=base,
        seconds=said["seconds"],
        loudness_lufs=said["loudness_lufs"],
        peak_dbfs=said["peak_dbfs"],
        parts=tuple(MessagePart(*part) for part in said["parts"]),
        files={codec: base.with_name(f"{base.name}.{codec}") for codec in said["sha256s"]},
        sha256s=said["sha256s"],
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
