"""Where the PBXs of a home directory keep what is theirs: that of `main`, and each other node's."""

from collections.abc import Iterable
from pathlib import Path

from operations.callback_line import directory_of
from operations.settings import Settings
from store.leases import MAIN

NODES = "nodes"
"""Directory, within the home, of the dialers that have a name of their own."""

SEATS = "seats"
"""Directory, within that of a remote PBX, of the Asterisks that it runs besides the first."""

JOURNAL = "journal"
"""Directory of what a PBX wrote of its calls."""


def root_of(home: Path, node: str = MAIN) -> Path:
    """Everything of the local PBX of a node."""
    return home / "pbx" if node == MAIN else home / NODES / node / "pbx"


def nodes_of(home: Path) -> list[str]:
    """The nodes besides `main` that have a PBX of their own in this home, by name."""
    return sorted(found.parent.name for found in (home / NODES).glob("*/pbx"))


def seats_of(settings: Settings) -> list[str]:
    """The Asterisks that a remote PBX runs, or ran, besides the first, by name."""
    directory = settings.pbx.directory
    if settings.pbx.mode != "remote" or directory is None:
        return []
    return sorted(found.name for found in (directory / SEATS).glob("*"))


def journals(settings: Settings, nodes: Iterable[str] = ()) -> dict[str, Path]:
    """The directories of journals, by their names in a backup: `journal`, `nodes/NAME/journal`.

    Args:
        settings: of the home.
        nodes: whose directories are to be among them though they are not there yet.

    Raises:
        NotAllowed: the PBX is on another host, and no shared directory is named.
    """
    others = sorted({*nodes_of(settings.home), *seats_of(settings), *nodes} - {MAIN})
    return {name_of(one): _journal_of(settings, one) for one in (MAIN, *others)}


def _journal_of(settings: Settings, node: str) -> Path:
    first = directory_of(settings).parent
    if node == MAIN:
        return first / JOURNAL
    if settings.pbx.mode == "remote" and settings.pbx.seats > 1:
        return first / SEATS / node / JOURNAL
    return root_of(settings.home, node) / JOURNAL


def name_of(node: str, what: str = JOURNAL) -> str:
    """The name in a backup of something of a node's PBX."""
    return what if node == MAIN else f"{NODES}/{node}/{what}"
