"""A PostgreSQL server for a while, made by the machine's own `initdb`.

It listens on a Unix socket only, and is gone afterwards. The server refuses to run as root, so
there it runs as its package's user.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

SUPERUSER = "postgres"
_QUICK = "-c fsync=off -c full_page_writes=off"


class NoServer(Exception):
    """None is installed here, or none can run."""


class Cluster:
    """A server of our own, in a directory of its own.

    Args:
        root: the directory.
        programs: where `pg_ctl` is.
        options: of the server, besides those for its socket.
        port: on loopback too, at this TCP port; 0 for the socket alone.
    """

    def __init__(self, root: Path, programs: Path, options: str, port: int = 0) -> None:
        self._root = root
        self.port = port
        if port:
            options = f"{options} -c port={port}"
        where = "127.0.0.1" if port else ""
        self._data = root / "data"
        self._control = programs / "pg_ctl"
        self._options = (
            f"-c listen_addresses='{where}' -c unix_socket_directories='{root}' {options}"
        )

    @property
    def url(self) -> URL:
        """Of its own database, as its superuser."""
        host = {"host": str(self._root), **({"port": str(self.port)} if self.port else {})}
        return URL.create("postgresql+psycopg", SUPERUSER, database="postgres", query=host)

    def reached_at(self, port: int) -> URL:
        """The same by a port of loopback that leads to it."""
        return URL.create(
            "postgresql+psycopg", SUPERUSER, host="127.0.0.1", port=port, database="postgres"
        )

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        log = self._root / "log"
        _execute(self._control, "-D", self._data, "-l", log, "-w", "-o", self._options, "start")

    def stop(self) -> None:
        """End it at once, as a crash would."""
        _execute(self._control, "-D", self._data, "-m", "immediate", "-w", "stop")

    def restart(self) -> None:
        """End it without asking anybody, and start it again."""
        self.stop()
        self.start()


@contextmanager
def cluster(*, quick: bool = False, options: str = "", port: int = 0) -> Iterator[Cluster]:
    """A server that runs meanwhile.

    Args:
        quick: leave writing to disk to the system, for what is thrown away anyway.
        options: more of the server's own, such as `-c shared_buffers=1GB`.
        port: of TCP, on loopback; 0 for none.

    Raises:
        NoServer: there can be none here.
    """
    programs = _programs()
    root = Path(tempfile.mkdtemp(prefix="portevoix-pg-"))
    account = _account()
    if account is not None:
        shutil.chown(root, account, account)
    made = Cluster(root, programs, f"{_QUICK if quick else ''} {options}", port)
    try:
        _execute(
            programs / "initdb", "-D", root / "data", "-U", SUPERUSER, "-A", "trust", "-N",
            "-E", "UTF8",
        )  # fmt: skip
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _programs() -> Path:
    """Where `initdb` and `pg_ctl` are; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    kept = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if kept is None:
        raise NoServer("No PostgreSQL server is installed here (Debian: postgresql).")
    return kept


def _account() -> str | None:
    """The package's user where we are root; None where we may run the server ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER).pw_name
    except KeyError:
        raise NoServer(
            f"PostgreSQL does not run as root, and there is no user {SUPERUSER}."
        ) from None


def _execute(*command: str | Path) -> None:
    account = _account()
    subprocess.run(
        command, check=True, user=account, group=account, cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
