"""Find an Asterisk (and a SIPp) on this machine, and how to run it.

Either a system package or a private tree: the packages unpacked below one directory and run
through the tree's own dynamic loader, so that nothing of the system is touched.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from campaigns.errors import PbxError

REFERENCE = 22
"""The major version Porte-voix is built on; an older package gives way to a private tree."""

OLDEST = 20

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_SYSTEM_DATA = [Path("/usr/share/asterisk"), Path("/var/lib/asterisk")]
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk that can be started.

    Attributes:
        program: the `asterisk` executable.
        modules: directory of its modules.
        data: directory of its documentation and sounds.
        tree: root of the private tree; None for a system package.
        version: such as (22, 10, 1).
    """

    program: Path
    modules: Path
    data: Path
    tree: Path | None
    version: tuple[int, int, int]

    def asterisk(self, *arguments: str) -> list[str]:
        """The command line that runs Asterisk with these arguments."""
        return [*_loader(self.tree), str(self.program), *arguments]

    def canary(self) -> list[str]:
        """The command line that runs its canary, to which Asterisk adds the arguments."""
        return [*_loader(self.tree), str(self.program.with_name("astcanary"))]

    @property
    def version_text(self) -> str:
        """Such as `22.10.1`."""
        return ".".join(map(str, self.version))

    @property
    def advanced_filters(self) -> bool:
        """Whether manager.conf takes event filters by name (18.25, 20.11, 22.1 and later)."""
        first = {18: (18, 25, 0), 20: (20, 11, 0), 21: (21, 6, 0)}.get(self.version[0], (22, 1, 0))
        return self.version >= first


def find_installation(tree: Path | None = None) -> Installation:
    """Find the Asterisk to run.

    In this order: the tree given or named by PORTEVOIX_PBX_TREE; an `asterisk` of the system
    that is recent enough; the private tree in the cache; any other `asterisk` of the system.

    Raises:
        PbxError: there is none, or the one asked for cannot run.
    """
    asked = tree or _tree_of_environment()
    if asked:
        return _of_tree(asked)
    system = _of_system()
    if system and system.version[0] >= REFERENCE:
        return system
    if _program_of(cached_tree()).is_file():
        return _of_tree(cached_tree())
    if system:
        return system
    raise PbxError(
        f"No Asterisk was found, neither on this machine's path nor in {cached_tree()}. "
        "Run «make pbx» in a clone, or install the asterisk package."
    )


def sipp(tree: Path | None = None) -> list[str]:
    """The command line that runs SIPp, to which its own arguments are added.

    Raises:
        PbxError: there is none.
    """
    for root in (tree or _tree_of_environment(), cached_tree()):
        if root and (root / "usr/bin/sipp").is_file():
            return [*_loader(root), str(root / "usr/bin/sipp")]
    found = shutil.which("sipp")
    if found:
        return [found]
    raise PbxError("No SIPp was found. Run «make pbx» in a clone, or install sip-tester.")


def cached_tree() -> Path:
    """Where `make pbx` puts a private tree."""
    given = os.environ.get("PORTEVOIX_CACHE")
    if given:
        return Path(given) / "pbx-tree"
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "portevoix" / "pbx-tree"


def _tree_of_environment() -> Path | None:
    named = os.environ.get("PORTEVOIX_PBX_TREE")
    return Path(named) if named else None


def _program_of(tree: Path) -> Path:
    return tree / "usr/sbin/asterisk"


def _of_tree(tree: Path) -> Installation:
    tree = tree.resolve()
    program = _program_of(tree)
    if not program.is_file():
        raise PbxError(f"There is no Asterisk in {tree}: {program} is missing.")
    return Installation(
        program=program,
        modules=_modules(tree / "usr"),
        data=_data([tree / "usr/share/asterisk", tree / "var/lib/asterisk"]),
        tree=tree,
        version=_version([*_loader(tree), str(program)]),
    )


def _of_system() -> Installation | None:
    path = os.environ.get("PATH", "") + ":" + _SYSTEM_PATH
    found = shutil.which("asterisk", path=path)
    if not found:
        return None
    program = Path(found).resolve()
    return Installation(
        program=program,
        modules=_modules(program.parent.parent),
        data=_data(_SYSTEM_DATA),
        tree=None,
        version=_version([str(program)]),
    )


def _loader(tree: Path | None) -> list[str]:
    """The tree's dynamic loader with its libraries; nothing for a system package."""
    if tree is None:
        return []
    loaders = sorted(tree.glob("lib*/ld-linux-*.so.*"))
    libraries = sorted(tree.glob("usr/lib/*-linux-gnu"))
    if not loaders or not libraries:
        raise PbxError(f"{tree} is not a complete system tree: its dynamic loader is missing.")
    return [str(loaders[0]), "--library-path", ":".join(map(str, libraries))]


def _modules(prefix: Path) -> Path:
    found = sorted(prefix.glob("lib*/**/asterisk/modules"))
    if not found:
        raise PbxError(f"The modules of Asterisk were not found below {prefix}.")
    return found[0]


def _data(candidates: list[Path]) -> Path:
    for candidate in candidates:
        if (candidate / "documentation").is_dir():
            return candidate
    raise PbxError(
        f"Asterisk's documentation, without which it does not start, is in none of "
        f"{', '.join(map(str, candidates))}."
    )


def _version(command: list[str]) -> tuple[int, int, int]:
    try:
        said = subprocess.run(  # noqa: S603 - a program found by us, with fixed arguments
            [*command, "-V"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise PbxError(f"{command[-1]} cannot be run: {error}") from error
    found = _VERSION.search(said)
    if not found:
        raise PbxError(f"{command[-1]} does not tell its version: «{said.strip()}».")
    major, minor, patch = map(int, found.groups())
    if major < OLDEST:
        raise PbxError(f"Asterisk {said.strip()} is too old: {OLDEST} or later is needed.")
    return major, minor, patch
