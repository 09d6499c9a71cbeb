"""A backup in one file: the database as it stood at one moment, and every file that belongs to it.

A tar archive whose last member, `manifest.json`, says what is in it, with SHA-256. The database
comes first: the journals of the PBX are then never older than it, and a call that they know and the
database does not is recognised by that when it is restored (`dialer.recovery`).

The suppression key is not in it: the file holds everybody's number, and with the key one could tell
from it who was erased (GDPR, art. 17; `operations.suppression_key`). It has a backup of its own.
"""

import hashlib
import io
import json
import os
import re
import socket
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Engine

from audio.message import sha256_of
from campaigns.errors import InvalidInput
from operations.callback_line import directory_of
from operations.pbx_directories import journals, name_of, nodes_of, root_of
from operations.settings import FILE_NAME, Settings
from operations.workspace import Workspace
from store import audit, schema, snapshot
from store.engine import writing
from store.leases import MAIN
from store.snapshot import Standing

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
INSTANCE = "instance.json"
"""The ports of a local PBX, which a carrier or a firewall may know, and the tag of its
endpoints."""

_KEY_LINE = re.compile(r"(?m)^\s*suppression_key\s*=.*\n?")
_PASSING = {"incoming", "lock"}
"""Names in the audio library of what is being written."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the backup: its size in bytes, and its hash."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        record_until: what was committed up to here is in it; later calls are not known to it.
        version: of the Porte-voix that made it.
        revision: of the database's tables.
        database: sqlite or postgresql.
        host: where it was made.
        standing: what the database holds: rows by table, and where its audit stands.
        environment: names of settings that were in the environment, and so are not in it.
        files: by name.
        format: of the archive.
    """

    record_until: datetime
    version: str
    revision: str
    database: str
    host: str
    standing: Standing
    environment: list[str]
    files: dict[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    def text(self) -> str:
        """As JSON."""
        plain = {**asdict(self), "record_until": self.record_until.isoformat()}
        return json.dumps(plain, indent=1, ensure_ascii=False)


def read_manifest(plain: dict[str, Any]) -> Manifest:
    """A manifest from its JSON.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    files = {name: Member(**one) for name, one in plain["files"].items()}
    until = datetime.fromisoformat(plain["record_until"])
    standing = Standing(**plain["standing"])
    return Manifest(**{**plain, "record_until": until, "standing": standing, "files": files})


def back_up(workspace: Workspace, file: Path, by: str) -> Manifest:
    """Write a backup to a new file that nobody else may read, while calls go on.

    Args:
        workspace: of what.
        file: which must not exist; beside it there must be room for the database once more.
        by: who asks, for the audit.

    Raises:
        FileExistsError: there is such a file.
        InvalidInput: nobody is named.
        NotAllowed: PostgreSQL's `pg_dump` is missing or failed.
        StoreUnavailable: the database cannot be read.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who asks for it.")
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as aside:
            made, manifest = _written(workspace, Path(aside))
            sha256 = sha256_of(made)
            made.chmod(0o600)
            made.replace(file)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    _record(workspace.engine, by, manifest, sha256)
    return manifest


def _written(workspace: Workspace, aside: Path) -> tuple[Path, Manifest]:
    settings = workspace.settings
    until = datetime.now(UTC)
    kind = workspace.engine.dialect.name
    dump = aside / DATABASE[kind]
    standing = snapshot.take(workspace.engine, dump)
    manifest = Manifest(
        until, version("portevoix"), schema.newest() or "", kind, socket.gethostname(), standing,
        sorted(name for name in os.environ if name.startswith("PORTEVOIX_")),
    )  # fmt: skip
    made = aside / "backup.tar"
    with made.open("xb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        manifest.files[dump.name] = _add_file(archive, dump.name, dump)
        dump.unlink()
        # A journal may be put aside meanwhile: the second look finds it there.
        for name, path in chain(_files(settings), _files(settings)):
            with suppress(FileNotFoundError):
                if name not in manifest.files:
                    manifest.files[name] = _add_file(archive, name, path)
        for name, data in _texts(settings):
            manifest.files[name] = _add(archive, name, io.BytesIO(data), len(data))
        text = manifest.text().encode()
        _add(archive, MANIFEST, io.BytesIO(text), len(text))
    with made.open("rb") as written:
        os.fsync(written.fileno())
    return made, manifest


def places(settings: Settings, nodes: Iterable[str] = ()) -> dict[str, Path]:
    """The directories that belong to a home, by their names in a backup.

    Args:
        settings: of the home.
        nodes: whose journals are to be among them though they are not there yet.

    Raises:
        NotAllowed: the PBX is on another host, and no shared directory is named.
    """
    return {
        "audio": settings.audio_directory,
        "rules": settings.rules_directory,
        "lines": directory_of(settings),
        **journals(settings, nodes),
    }


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name, root in places(settings).items():
        for path in sorted(root.rglob("*")) if root.is_dir() else []:
            inner = path.relative_to(root)
            if path.is_file() and not (name == "audio" and inner.parts[0] in _PASSING):
                yield f"{name}/{inner.as_posix()}", path


def _texts(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """The settings but for the suppression key, and the ports of each local PBX."""
    file = settings.home / FILE_NAME
    if file.is_file():
        yield FILE_NAME, _KEY_LINE.sub("", file.read_text("utf-8")).encode()
    for node in (MAIN, *nodes_of(settings.home)):
        instance = root_of(settings.home, node) / INSTANCE
        if instance.is_file():
            yield name_of(node, INSTANCE), instance.read_bytes()


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> Member:
    """Add a file as it stands: a journal may grow meanwhile, and is taken as long as it was."""
    with path.open("rb") as stream:
        return _add(archive, name, stream, os.fstat(stream.fileno()).st_size)


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> Member:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    hashed = Hashed(stream)
    archive.addfile(entry, hashed)
    return Member(size, hashed.sha256)


class Hashed(io.RawIOBase):
    """A stream that is hashed as it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._stream.read(size)
        self._digest.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Of everything that was read."""
        return self._digest.hexdigest()


def _record(engine: Engine, by: str, manifest: Manifest, sha256: str) -> None:
    detail = {"sha256": sha256, "record_until": manifest.record_until.isoformat()}
    with writing(engine) as connection:
        audit.record(connection, datetime.now(UTC), by, "backup.make", "backup", None, detail)
