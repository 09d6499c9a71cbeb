"""Where recordings and prepared messages are kept, named by what they contain.

ROOT/originals/ab/abcd...   what was given, byte for byte, read-only
ROOT/messages/ID/           one file a codec and a manifest, readable by Asterisk
ROOT/scripts/ID/            what a script says besides its message, NAME.CODEC, likewise
ROOT/incoming/              what is being written; nothing else looks here

Everything is written aside, synchronised and renamed, so a reader sees all of it or nothing.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audio.container import FIELD
from audio.message import PreparedMessage, read_message, sha256_of
from audio.preparation import message_id_of, prepare_files
from audio.probe import MAX_BYTES, Probe, probe, too_big
from campaigns.errors import InvalidInput, NotFound

_COPY_BYTES = 1 << 20
_ORIGINAL_MODE = 0o440
# Asterisk runs as a user of its own and must be able to read what it plays.
_PLAYED_MODE = 0o644
_DIRECTORY_MODE = 0o755


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """An original: its hash, what its owner called it, where it lies, and its measures."""

    sha256: str
    name: str
    path: Path
    probe: Probe


class Library:
    """The recordings and messages under one directory.

    Args:
        root: created if need be. Asterisk plays from under it, so its path should hold only
            ``[A-Za-z0-9_./+-]``, and Asterisk's user must be able to enter it.
        wideband: messages are prepared in G.722 too, as a trunk has it.
    """

    def __init__(self, root: Path, *, wideband: bool = False) -> None:
        self.root = root
        self._wideband = wideband
        self._originals = root / "originals"
        self._messages = root / "messages"
        self._scripts = root / "scripts"
        self._incoming = root / "incoming"
        for directory in (root, self._originals, self._messages, self._scripts, self._incoming):
            directory.mkdir(parents=True, exist_ok=True)
        for directory in (self._messages, self._scripts):
            directory.chmod(_DIRECTORY_MODE)

    def add(self, source: Path | BinaryIO, name: str) -> StoredRecording:
        """Keep a recording, unchanged. Adding the same bytes again changes nothing.

        Args:
            source: a file, or a stream read to its end.
            name: what its owner calls it, with its extension.

        Raises:
            InvalidInput: no message can be made of it; nothing is kept.
        """
        with self._aside() as directory:
            written = directory / "original"
            sha256 = self._receive(source, written)
            found = probe(written, name)
            path = self._original_path(sha256)
            if not path.exists():
                _make_durable(written, _ORIGINAL_MODE)
                path.parent.mkdir(exist_ok=True)
                written.replace(path)
                _sync(path.parent)
        return StoredRecording(sha256, name, path, found)

    def original(self, sha256: str) -> Path:
        """Find an original by its hash.

        Raises:
            NotFound: it was never added.
        """
        path = self._original_path(sha256)
        if not path.is_file():
            raise NotFound(f"There is no recording {sha256[:12]}.")
        return path

    def prepare(self, parts: Sequence[Path], name: str) -> PreparedMessage:
        """Make one message of some recordings, heard in the order given.

        The same parts give the same message, at once if it is there and whole already.

        Raises:
            InvalidInput: no parts, a part no message can be made of, or too long together.
        """
        if not parts:
            raise InvalidInput(FIELD, "the message has no recording.", "Choose at least one.")
        for part in parts:
            probe(part)
        sha256s = [sha256_of(part) for part in parts]
        directory = self._messages / message_id_of(sha256s, wideband=self._wideband)
        if not _is_whole(directory):
            self._build(parts, name, directory)
        return read_message(directory, name)

    def message(self, message_id: str, name: str = "") -> PreparedMessage:
        """Find a prepared message.

        Raises:
            NotFound: it was never prepared here.
        """
        try:
            return read_message(self._messages / Path(message_id).name, name)
        except FileNotFoundError as error:
            raise NotFound(f"There is no prepared message {message_id}.") from error

    def has(self, path: str) -> bool:
        """Whether something prepared is there, by its path within the library.

        Args:
            path: of a message, without extension; or of a script's directory.
        """
        return self._prepared(path).is_dir()

    def has_whole(self, path: str) -> bool:
        """Whether it is there as it was prepared, every byte of a message.

        A script's directory is named by what is in it and appears in one step.
        """
        directory = self._prepared(path)
        return directory.is_dir() and (directory.parent == self._scripts or _is_whole(directory))

    def _prepared(self, path: str) -> Path:
        found = self.root / path
        return found if found.parent == self._scripts else found.parent

    def gather(self, sounds: Mapping[str, PreparedMessage]) -> Path:
        """Put messages together in one directory, each under a name of its own.

        The same under the same names give the same directory, in which nothing ever changes, so
        that a call under way finds what it began with.

        Args:
            sounds: by name (``[a-z0-9-]``), what it says.
        """
        recipe = sorted((name, one.message_id) for name, one in sounds.items())
        directory = self._scripts / hashlib.sha256(repr(recipe).encode()).hexdigest()[:32]
        if directory.is_dir():
            return directory
        with self._aside() as aside:
            built = aside / "script"
            built.mkdir()
            for name, one in sounds.items():
                for codec, file in one.files.items():
                    shutil.copyfile(file, built / f"{name}.{codec}")
                    _make_durable(built / f"{name}.{codec}", _PLAYED_MODE)
            built.chmod(_DIRECTORY_MODE)
            _sync(built)
            with self._alone():
                if not directory.is_dir():  # another process may have been as fast
                    built.rename(directory)
                    _sync(self._scripts)
        return directory

    def _build(self, parts: Sequence[Path], name: str, directory: Path) -> None:
        with self._aside() as aside:
            built = aside / "message"
            built.mkdir()
            prepare_files(parts, name, built, wideband=self._wideband)
            for path in built.iterdir():
                _make_durable(path, _PLAYED_MODE)
            built.chmod(_DIRECTORY_MODE)
            _sync(built)
            with self._alone():
                if not _is_whole(directory):  # another process may have been as fast
                    shutil.rmtree(directory, ignore_errors=True)
                    built.rename(directory)
                    _sync(self._messages)

    def _receive(self, source: Path | BinaryIO, written: Path) -> str:
        if isinstance(source, Path):
            with source.open("rb") as stream:
                return _copy(stream, written)
        return _copy(source, written)

    def _original_path(self, sha256: str) -> Path:
        return self._originals / sha256[:2] / Path(sha256).name

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other thread and process from replacing a message meanwhile."""
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._incoming) as directory:
            yield Path(directory)


def _copy(stream: BinaryIO, written: Path) -> str:
    """Copy a stream, no further than the size limit, and return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with written.open("wb") as target:
        while block := stream.read(_COPY_BYTES):
            size += len(block)
            if size > MAX_BYTES:
                raise too_big()
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _is_whole(directory: Path) -> bool:
    try:
        return not read_message(directory, "").damaged()
    except (FileNotFoundError, KeyError, ValueError):
        return False


def _make_durable(path: Path, mode: int) -> None:
    path.chmod(mode)
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
