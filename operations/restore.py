"""Putting a backup back on an empty machine, so that nobody is called twice for it.

What was done after the backup is not known to it. So every campaign that could place calls is held,
saying from when on calls may be missing, until a named person releases it; the journals of the PBX,
where they are at hand, tell of the calls in between (`dialer.recovery`). What no journal tells of
is lost: lists, forms, refusals by other ways than a call, and erasures since the backup.
`operations.standstill` has what else waits for a person.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from audio.message import sha256_of
from campaigns.errors import InvalidInput, NotAllowed
from operations.backup import (
    DATABASE,
    FORMAT,
    INSTANCE,
    MANIFEST,
    Hashed,
    Manifest,
    Member,
    places,
    read_manifest,
)
from operations.pbx_directories import JOURNAL, NODES, journals, name_of, root_of
from operations.settings import FILE_NAME, Settings, load
from operations.standstill import Standstill, stand_still
from operations.workspace import Workspace, make_home, open_workspace
from store import schema, snapshot
from store.engine import open_engine, reading
from store.leases import MAIN
from store.snapshot import Standing

STAGING = "restoring"
"""Directory, within the home, of what has not been verified yet."""

_COPY = 1 << 20
_PLAYED = {"audio", "lines"}
"""What the PBX's own user must be able to read."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        workspace: the home.
        manifest: of the backup.
        standstill: what waits for a person now.
        settings_kept: the home had settings of its own, which stayed.
        missing_environment: settings that the old machine had in its environment and this one has
            not.
    """

    workspace: Workspace
    manifest: Manifest
    standstill: Standstill
    settings_kept: bool
    missing_environment: list[str]


def restore(file: Path, home: Path, by: str, *, keep_keys: bool = False) -> Restored:
    """Put a backup back into an empty home directory.

    Args:
        file: of the backup.
        home: absent or without a file, but for settings of its own, which then count.
        by: who asks, for the audit.
        keep_keys: leave API keys in force, those too that were revoked after the backup.

    Raises:
        InvalidInput: the file is no whole backup, or nobody is named.
        NotAllowed: the home or the database is in use, or the backup is of a newer version.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who asks for it.")
    own_settings = _check_empty(home)
    make_home(home)
    staging = home / STAGING
    staging.mkdir(mode=0o700, exist_ok=True)
    try:
        manifest = _unpacked(file, staging)
        if not own_settings and (staging / FILE_NAME).is_file():
            _place(staging / FILE_NAME, home / FILE_NAME, 0o600)
        _place_all(load(home), staging, manifest)
    finally:
        shutil.rmtree(staging)
    workspace = open_workspace(home)
    waits = stand_still(workspace, manifest, by, keep_keys=keep_keys)
    missing = [name for name in manifest.environment if name not in os.environ]
    return Restored(workspace, manifest, waits, own_settings, missing)


def _check_empty(home: Path) -> bool:
    """Whether the home has settings of its own, and nothing else but empty directories.

    Raises:
        NotAllowed: it has something else.
    """
    own = home / FILE_NAME
    if any(one != own and (one.is_symlink() or not one.is_dir()) for one in home.rglob("*")):
        raise NotAllowed(
            f"{home} is not empty: a backup is put back into a home directory that has no file but "
            f"{FILE_NAME}. Name another one with --home, or move this one away."
        )
    return own.exists()


def _unpacked(file: Path, staging: Path) -> Manifest:
    """Unpack everything, and hold it against the manifest.

    Raises:
        InvalidInput: it is no whole backup.
        NotAllowed: it is of a newer version.
    """
    try:
        with tarfile.open(file, "r:") as archive:
            found = {one.name: _extracted(archive, one, staging) for one in archive}
        manifest = read_manifest(json.loads((staging / MANIFEST).read_text("utf-8")))
    except (tarfile.TarError, OSError, ValueError, TypeError, KeyError) as error:
        raise _unusable(file, f"it is no whole backup ({error}).") from error
    _check_version(manifest)
    found.pop(MANIFEST)
    for name in sorted(found.keys() | manifest.files.keys()):
        if found.get(name) != manifest.files.get(name):
            raise _unusable(file, f"«{name}» is not what its manifest says.")
    return manifest


def _unusable(file: Path, why: str) -> InvalidInput:
    return InvalidInput(str(file), why, "Give a file that «portevoix backup» wrote, unchanged.")


def _extracted(archive: tarfile.TarFile, entry: tarfile.TarInfo, staging: Path) -> Member:
    """Write one member.

    Raises:
        ValueError: it is no plain file, or would not stay within the directory.
    """
    inner = PurePosixPath(entry.name)
    if not entry.isreg() or inner.is_absolute() or ".." in inner.parts:
        raise ValueError(entry.name)
    target = staging / inner
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stream = archive.extractfile(entry)
    if stream is None:
        raise ValueError(entry.name)
    with closing(stream), target.open("xb") as written:
        hashed = Hashed(stream)
        while data := hashed.read(_COPY):
            written.write(data)
        return Member(written.tell(), hashed.sha256)


def _check_version(manifest: Manifest) -> None:
    if manifest.format != FORMAT or not schema.knows(manifest.revision):
        raise NotAllowed(
            f"The backup is of a newer Porte-voix ({manifest.version}, tables at revision "
            f"{manifest.revision}). Install that version or a later one."
        )


def _place_all(settings: Settings, staging: Path, manifest: Manifest) -> None:
    """Put the files where these settings want them, and the database where it belongs."""
    nodes = _nodes_in(manifest)
    roots = places(settings, nodes)
    dump = staging / DATABASE[manifest.database]
    _check_database(settings, manifest)
    for name in manifest.files:
        top, target = _place_of(name, roots)
        if target is not None:
            _place(staging / name, target, 0o644 if top in _PLAYED else 0o600)
    for node in (MAIN, *nodes) if settings.pbx.mode == "local" else ():
        instance = staging / name_of(node, INSTANCE)
        if instance.is_file():
            _place(instance, root_of(settings.home, node) / INSTANCE, 0o600)
    engine = open_engine(settings.url)
    if manifest.database == "postgresql":
        snapshot.put_back(engine, dump)
    else:
        _place(dump, Path(str(engine.url.database)), 0o600)
    engine.dispose()


def _nodes_in(manifest: Manifest) -> list[str]:
    """The nodes besides `main` of which there is something in a backup."""
    parts = [PurePosixPath(name).parts for name in manifest.files]
    return sorted({one[1] for one in parts if one[0] == NODES and len(one) > 2})


def _place_of(name: str, roots: Mapping[str, Path]) -> tuple[str, Path | None]:
    """The directory to which a file of a backup belongs, and its place; None where to no one."""
    for top, root in roots.items():
        if name.startswith(f"{top}/"):
            return top, root / name.removeprefix(f"{top}/")
    return "", None


def _check_database(settings: Settings, manifest: Manifest) -> None:
    engine = open_engine(settings.url)
    try:
        kind = engine.dialect.name
        if kind != manifest.database:
            raise NotAllowed(
                f"The backup is of {manifest.database}, and database_url is of {kind}. Give it a "
                "database of its own kind."
            )
        if kind == "sqlite" and Path(str(engine.url.database)).exists():
            raise NotAllowed(f"{engine.url.database} is there already: nothing is written over.")
        if kind == "postgresql" and not snapshot.is_empty(engine):
            raise NotAllowed(
                f"The database «{engine.url.database}» has tables already: nothing is written over."
            )
    finally:
        engine.dispose()


def _place(source: Path, target: Path, mode: int) -> None:
    """Move a file to its place; one that is there may be the same, or have grown since.

    A directory that is shared with a PBX elsewhere may have outlived the machine.

    Raises:
        NotAllowed: another file is there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if not begins_with(target, source):
            raise NotAllowed(f"{target} is there already and is another: nothing is written over.")
        return
    shutil.move(source, target)
    target.chmod(mode)


def begins_with(longer: Path, shorter: Path) -> bool:
    """Whether one file is another one that something may have been appended to."""
    with longer.open("rb") as one, shorter.open("rb") as other:
        while data := other.read(_COPY):
            if one.read(len(data)) != data:
                return False
    return True


def add_journals(workspace: Workspace, found: Path, node: str = MAIN) -> int:
    """Bring in journals that were saved from the old machine; how many files are new or longer.

    Args:
        workspace: that was restored.
        found: directory of the journals.
        node: whose PBX wrote them.

    Raises:
        NotAllowed: one is another than that of the same name in the backup.
    """
    directory = journals(workspace.settings, [node])[name_of(node)]
    brought = 0
    for source in sorted(one for one in found.rglob("*") if one.is_file()):
        inner = source.relative_to(found)
        for target in (directory / inner, directory / "settled" / inner.name):
            if target.exists():
                break
        else:
            target = directory / inner
        if target.exists() and begins_with(target, source):
            continue
        if target.exists() and not begins_with(source, target):
            raise NotAllowed(f"{source} and {target} have one name and tell of different calls.")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        brought += 1
    return brought


def faults(restored: Restored) -> Iterator[str]:
    """What is wrong with what was put back, as far as it can be told apart from its audit."""
    workspace, manifest = restored.workspace, restored.manifest
    yield from snapshot.damage(workspace.engine)
    with reading(workspace.engine) as connection:
        yield from _lost(manifest.standing, snapshot.standing(connection))
    yield from _changed(workspace.settings, manifest)


def _lost(then: Standing, now: Standing) -> Iterator[str]:
    """Rows and acts of the audit that were there and are not."""
    for table, rows in then.rows.items():
        if now.rows.get(table, 0) < rows:
            yield f"table {table} has {now.rows.get(table, 0)} rows of {rows}"
    for segment, (length, head) in then.audit["heads"].items():
        there = now.audit["heads"].get(segment)
        if there is None or there[0] < length or (there[0] == length and there[1] != head):
            yield f"segment {segment} of the audit is not what it was"


def _changed(settings: Settings, manifest: Manifest) -> Iterator[str]:
    """Recordings and messages that are not what they were, as they lie in their places."""
    roots = {name: root for name, root in places(settings).items() if root.name != JOURNAL}
    for name, member in manifest.files.items():
        _, placed = _place_of(name, roots)
        if placed is not None and sha256_of(placed) != member.sha256:
            yield f"{placed} is not what it was"
