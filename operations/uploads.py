"""Files that somebody sent and has not yet decided about: kept aside until they do, a day at most.

They hold people's numbers, so nobody but this process's user can read them, each belongs to the
controller for whom it came, and what is left lying is removed.
"""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from campaigns.errors import NotFound

KEPT_S = 86_400
_PRIVATE = 0o700
_TOKEN = re.compile(r"[\w-]{20,40}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file.

    Attributes:
        token: how it is asked for.
        name: what the user calls it.
        path: where it lies.
    """

    token: str
    name: str
    path: Path

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """It, at its beginning."""
        with self.path.open("rb") as file:
            yield file


def keep(home: Path, controller_id: int, source: IO[bytes], name: str) -> Upload:
    """Keep a file for later, and remove what was kept too long.

    Args:
        home: the home directory.
        controller_id: for whom.
        source: read to its end.
        name: what the user calls it.
    """
    sweep(home)
    directory = _directory(home)
    token = secrets.token_urlsafe(24)
    upload = Upload(token, name, directory / token)
    with upload.path.open("xb") as file:
        upload.path.chmod(0o600)
        shutil.copyfileobj(source, file, 1 << 20)
    _note(upload.path).write_text(json.dumps({"controller": controller_id, "name": name}))
    return upload


def find(home: Path, controller_id: int, token: str) -> Upload:
    """A file that was kept.

    Raises:
        NotFound: there is none, for this controller, or no more.
    """
    path = _directory(home) / token
    if not _TOKEN.fullmatch(token) or not path.is_file() or not _note(path).is_file():
        raise NotFound("This file is not kept any more. Choose it again.")
    noted = json.loads(_note(path).read_text())
    if noted["controller"] != controller_id:
        raise NotFound("This file is not kept any more. Choose it again.")
    return Upload(token, noted["name"], path)


def forget(upload: Upload) -> None:
    """Remove it."""
    upload.path.unlink(missing_ok=True)
    _note(upload.path).unlink(missing_ok=True)


def _directory(home: Path) -> Path:
    directory = home / "uploads"
    directory.mkdir(mode=_PRIVATE, exist_ok=True)
    return directory


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def sweep(home: Path) -> None:
    """Remove what was kept too long."""
    oldest = time.time() - KEPT_S
    for path in _directory(home).iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
