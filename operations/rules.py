"""Newer versions of rule packs, installed at a site in a named person's name.

Campaigns keep the rules they were prepared with: every rule is copied into the campaign then.
"""

import hashlib
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from campaigns.errors import InvalidInput
from campaigns.rules.pack import Pack
from campaigns.rules.pack_changes import Change, changes, check_force_of_law, version_of
from operations import packs
from operations.workspace import Workspace
from store import audit
from store.engine import writing

_LARGEST = 200_000
"""Bytes above which a file is no rule pack."""


@dataclass(frozen=True, slots=True)
class Update:
    """A version of a pack that could take another's place.

    Attributes:
        before: the one in force.
        after: the new one.
        text: as it is written.
        changes: what differs.
    """

    before: Pack
    after: Pack
    text: str
    changes: list[Change]


def in_force(workspace: Workspace, pack_id: str) -> Pack:
    """The version that a campaign prepared now would have.

    Raises:
        InvalidInput: there is no pack of that id.
    """
    return packs.load(pack_id, workspace.settings.rules_directory)


def read_update(workspace: Workspace, file: Path) -> Update:
    """Read a newer version of a pack and hold it against the one in force and the one shipped.

    Raises:
        InvalidInput: it is no pack, of an unknown id, not newer, or it loosens what has force of
            law without a newer text.
    """
    text = _text(file)
    new = packs.read_pack(text)
    before = in_force(workspace, new.id)
    if version_of(new.version) <= version_of(before.version):
        raise InvalidInput(
            "version",
            f"{new.label} is not newer than {before.label}, which is in force.",
            "Give it a higher version.",
        )
    if not before.as_of <= new.as_of <= datetime.now(UTC).date():
        raise InvalidInput(
            "as_of",
            f"the law cannot have been read on {new.as_of}: {before.label} was on {before.as_of}.",
            "Write the day it was read.",
        )
    check_force_of_law(packs.load_shipped(new.id), new)
    return Update(before, new, text, changes(before, new))


def install(workspace: Workspace, update: Update, by: str) -> None:
    """Put a version in force for campaigns prepared from now on.

    Raises:
        InvalidInput: nobody is named.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        audit.record(
            connection, now, by, "rules.update", f"pack {update.after.id}", None,
            {
                "before": update.before.label,
                "after": update.after.label,
                "sha256": hashlib.sha256(update.text.encode()).hexdigest(),
                "changes": [asdict(one) for one in update.changes],
            },
        )  # fmt: skip
        _put(workspace.settings.rules_directory / f"{update.after.id}.toml", update.text)


def _put(file: Path, text: str) -> None:
    """Write it whole or not at all."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    beside = file.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)


def _text(file: Path) -> str:
    if file.stat().st_size > _LARGEST:
        raise InvalidInput(str(file), "it is too large for a rule pack.")
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(str(file), "it is not written in UTF-8.") from error
