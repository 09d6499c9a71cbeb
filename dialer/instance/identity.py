"""The system user that runs Asterisk: never root where another can do it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CANDIDATES = ("portevoix", "asterisk", "nobody")


@dataclass(frozen=True, slots=True)
class Identity:
    """A system user.

    Attributes:
        name: its name.
        uid: its number.
        gid: its group.
        changes: whether we must change to it, being root; if not, it is ourselves.
    """

    name: str
    uid: int
    gid: int
    changes: bool

    def give(self, path: Path, mode: int) -> None:
        """Make a path this user's own."""
        if self.changes:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def share(self, path: Path, mode: int) -> None:
        """Let this user in through its group, without letting it change what it finds."""
        if self.changes:
            os.chown(path, os.geteuid(), self.gid)
        path.chmod(mode)

    def may(self, test: str, path: Path) -> bool:
        """Whether this user may use a path, as test(1) puts it: `-r`, `-w` or `-x`."""
        tried = subprocess.run(  # noqa: S603 - fixed program and our own path
            ["/usr/bin/test", test, str(path)],
            user=self.uid if self.changes else None,
            group=self.gid if self.changes else None,
            extra_groups=[] if self.changes else None,
            check=False,
        )
        return tried.returncode == 0


def choose_identity(root: Path, program: Path) -> Identity:
    """Choose who runs Asterisk.

    Args:
        root: the instance's directory; its parent must exist.
        program: the asterisk executable.

    Returns:
        Ourselves where we are not root. Else the first unprivileged user that can reach both
        paths; root where none can, which `inspect` reports.
    """
    if os.geteuid() != 0:
        return myself()
    for name in _CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        candidate = Identity(name, found.pw_uid, found.pw_gid, changes=True)
        if candidate.may("-x", root.parent) and candidate.may("-x", program):
            return candidate
    return myself()


def myself() -> Identity:
    """Who runs this process."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a number without a name
        name = str(os.geteuid())
    return Identity(name, os.geteuid(), os.getegid(), changes=False)
