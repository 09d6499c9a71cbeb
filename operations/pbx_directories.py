"""Where the PBXs of a home directory keep what is theirs: that of `main`, and each other node's."""

from collections.abc import Iterable
from pathlib import Path

from operations.callback_line import directory_of
from operations.settings import Settings
from store.leases import MAIN

NODES = "nodes"
"""Directory, within the home, of the dialers that have a name of their own."""

JOURNAL = "journal"
"""Directory of what a PBX wrote of its calls."""


def root_of(home: Path, node: str = MAIN) -> Path:
    """Everything of the local PBX of a node."""
    return home / "pbx" if node == MAIN else home / NODES / node / "pbx"


def nodes_of(home: Path) -> list[str]:
    """The nodes besides `main` that have a PBX of their own in this home, by name."""
    return sorted(found.parent.name for found in (home / NODES).glob("*/pbx"))


def journals(settings: Settings, nodes: Iterable[str] = ()) -> dict[str, Path]:
    """The directories of journals, by their names in a backup: `journal`, `nodes/NAME/journal`.

    Args:
        settings: of the home.
        nodes: whose directories are to be among them though they are not there yet.

    Raises:
        NotAllowed: the PBX is on another host, and no shared directory is named.
    """
    others = sorted({*nodes_of(settings.home), *nodes} - {MAIN})
    return {
        name_of(MAIN): directory_of(settings).parent / JOURNAL,
        **{name_of(one): root_of(settings.home, one) / JOURNAL for one in others},
    }


def name_of(node: str, what: str = JOURNAL) -> str:
    """The name in a backup of something of a node's PBX."""
    return what if node == MAIN else f"{NODES}/{node}/{what}"
