"""The short prompts that come with Porte-voix, made ready for Asterisk.

They lie under one directory as ``LANGUAGE/NAME.CODEC``, because the dialplan is static and asks
for ``DIRECTORY/NAME`` in the language of the call: given an absolute path, Asterisk looks in the
language's subdirectory beside it first (``main/file.c``, ``fileexists_core``).
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from audio.library import Library
from audio.message import sha256_of

SHIPPED = Path(__file__).with_name("prompts")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt ready to play.

    Attributes:
        language: ``fr`` or ``en``, as in CHANNEL(language).
        name: as ``optout-confirmed``.
        base: path without extension; its files differ from it by ``.alaw`` and so on.
        seconds: length.
    """

    language: str
    name: str
    base: Path
    seconds: float


def prepare_prompts(library: Library) -> tuple[Prompt, ...]:
    """Make every shipped prompt ready under ``library.root / "prompts"``; again does nothing.

    Raises:
        OSError: the library can't be written.
    """
    return tuple(
        _install(library, recording, library.root / "prompts" / recording.parent.name)
        for recording in sorted(SHIPPED.glob("*/*.flac"))
    )


def _install(library: Library, recording: Path, directory: Path) -> Prompt:
    prepared = library.prepare([recording], recording.stem)
    directory.mkdir(parents=True, exist_ok=True)
    for codec, path in prepared.files.items():
        _copy(path, directory / f"{recording.stem}.{codec}", prepared.sha256s[codec])
    return Prompt(directory.name, recording.stem, directory / recording.stem, prepared.seconds)


def _copy(source: Path, target: Path, sha256: str) -> None:
    """Copy aside and rename, so that a call under way never meets half a prompt."""
    if target.is_file() and sha256_of(target) == sha256:
        return
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy(source, aside)
    aside.replace(target)
