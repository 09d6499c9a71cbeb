"""What the PBX has written down about calls while nobody was listening.

The dialplan appends one line at the start of each attempt, one at its end, and one for every
opt-out, answer, consent and transfer before it is confirmed aloud:

    start|ATTEMPT|TARGET
    optout|ATTEMPT|AT_MS
    reply|ATTEMPT|AT_MS|KIND|QUESTION|VALUE
    end|ATTEMPT|ENDED_MS|ANSWERED_MS|CAUSE|CALL_ID|RESULT|HEARD_MS|SENT|RECEIVED|KEYS|TECH|FIRST_MS

Asterisk appends a line with one write(2) on a file opened with O_APPEND (funcs/func_env.c), so
lines of calls that end together never mix; a machine that loses power may tear the last one.

A file of which every call is closed is put aside for a week: a database that is restored from a
backup learns from it what became of calls that it does not know (`dialer.recovery`).
"""

import contextlib
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import structlog

from campaigns.errors import PbxError
from campaigns.reply import read_reply
from dialer.events import CallEnded, Replied

MAX_BYTES = 8 * 1024 * 1024
"""Size from which new calls are journalled in a new file: about 50,000 calls."""

ROOM = 32 * 1024 * 1024
"""Free bytes without which no call is placed: what is up must still be able to end, and a call of
which the PBX could write nothing would look as if it had never been."""

SETTLED = "settled"
"""Directory, within that of the journals, of files of which everything is in the database."""

KEPT = timedelta(days=7)
"""How long those are kept: a backup older than that cannot be made whole from them."""

_SEPARATOR = "|"
_SUFFIX = ".journal"
_MARK = "journal-of-the-pbx"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Started:
    """The PBX has taken the order: the INVITE left after this line.

    Attributes:
        attempt_id: the call.
        target_id: who is called; 0 in a line of a version that did not write it.
    """

    attempt_id: str
    target_id: int = 0


@dataclass(frozen=True, slots=True)
class OptOutPressed:
    """The person pressed 9.

    Attributes:
        attempt_id: the call.
        at_ms: PBX clock, ms since the epoch.
    """

    attempt_id: str
    at_ms: int

    @property
    def at(self) -> datetime:
        """When, in UTC."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


Record = Started | OptOutPressed | Replied | CallEnded


class Reading(NamedTuple):
    """What was read of a journal file.

    Attributes:
        records: in the order in which they were written.
        offset: where to read on, in bytes.
        garbage: lines that mean nothing.
    """

    records: list[Record]
    offset: int
    garbage: int


def read(path: Path, offset: int = 0) -> Reading:
    """Read complete lines from an offset on.

    A last line without its end is left for the next reading.

    Args:
        path: the journal; one that does not exist yet is empty.
        offset: in bytes, as the last reading gave it.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            data = stream.read()
    except FileNotFoundError:
        return Reading([], offset, 0)
    complete = data[: data.rfind(b"\n") + 1]
    lines = complete.split(b"\n")[:-1]
    records = [record for line in lines if (record := parse(line)) is not None]
    return Reading(records, offset + len(complete), len(lines) - len(records))


def records_of(path: Path, attempt_ids: Collection[str]) -> Iterator[Record]:
    """What a journal tells of some attempts, and every refusal in it, whoever's it is.

    Only these lines are taken apart, so that a day's journals are read in little time and memory.

    Raises:
        OSError: the file is there and cannot be read.
    """
    wanted = {one.encode() for one in attempt_ids}
    with contextlib.suppress(FileNotFoundError), path.open("rb") as stream:
        for line in stream:
            kind, _, rest = line.partition(b"|")
            about = rest.rstrip(b"\n").partition(b"|")[0]
            if line.endswith(b"\n") and (kind == b"optout" or about in wanted):
                record = parse(line[:-1])
                if record is not None:
                    yield record
                else:
                    log.warning("a line of a journal means nothing", file=path.name)


def names_any(path: Path, attempt_ids: Collection[str]) -> bool:
    """Whether a journal tells of any of these attempts."""
    return any(one.attempt_id in attempt_ids for one in records_of(path, attempt_ids))


def parse(line: bytes) -> Record | None:
    """Read one line; None for one that means nothing."""
    try:
        kind, *fields = line.decode().split(_SEPARATOR)
        return _record(kind, fields)
    except ValueError:
        return None


def _record(kind: str, fields: list[str]) -> Record:
    """Build a record.

    Raises:
        ValueError: the fields are too few, too many, or no numbers.
    """
    if not fields or not fields[0]:
        raise ValueError(kind)
    if kind == "start":
        attempt, target = [*fields, "0"] if len(fields) == 1 else fields
        return Started(attempt, int(target))
    if kind == "optout":
        attempt, at = fields
        return OptOutPressed(attempt, int(at))
    if kind == "reply":
        attempt, *said = _exactly(fields, 5)
        return Replied(attempt, read_reply(*said))
    if kind == "end":
        # An earlier version of the dialplan, whose calls may still be read, told no FIRST_MS.
        return _ended(*_exactly([*fields, ""] if len(fields) == 11 else fields, 12))
    raise ValueError(kind)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_torn(path: Path) -> bool:
    return not path.read_bytes().endswith(b"\n")


def _exactly(fields: list[str], number: int) -> list[str]:
    if len(fields) != number:
        raise ValueError(len(fields))
    return fields


def _ended(
    attempt: str,
    ended: str,
    answered: str,
    cause: str,
    call_id: str,
    result: str,
    heard: str,
    sent: str,
    received: str,
    keys: str,
    tech: str,
    first: str,
) -> CallEnded:
    return CallEnded(
        attempt_id=attempt,
        ended_ms=int(ended),
        answered_ms=int(answered),
        cause=int(cause or 0),
        tech=tech,
        sip_call_id=call_id,
        result=result,
        heard_ms=int(heard),
        rtp_sent=int(sent),
        rtp_received=int(received),
        keys=keys,
        first_ms=max(0, int(first)) if first else None,
    )


class Journal:
    """The journal files of one PBX, the newest of which takes the lines of new calls.

    A call keeps the file it began in, so an older file still grows until its calls are over.

    Args:
        directory: where they are; the PBX can write there.
        max_bytes: size from which a new file is begun.
    """

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES) -> None:
        self.directory = directory
        self._max_bytes = max_bytes
        self._current: Path | None = None

    def files(self) -> list[Path]:
        """Every file, oldest first."""
        return sorted(self.directory.glob(f"*{_SUFFIX}"))

    def recognise(self, node: str, *, expected: bool) -> None:
        """Make sure that this is the directory the node's PBX wrote to, and mark it as the node's.

        Where it is shared with another machine it may not be mounted: an empty directory would
        then say of every call in flight that it never began, and each would be placed again. So
        would that of another node.

        Args:
            node: of the dialer.
            expected: calls were placed, so that there was a journal.

        Raises:
            PbxError: it is another directory, or cannot be used.
        """
        mark = self.directory / _MARK
        try:
            whose = mark.read_text() if mark.exists() else None
            if whose is None and expected and not self.files():
                raise PbxError(
                    f"{self.directory} has no journal, though calls were placed. Is it mounted?"
                )
            if whose and whose != node:
                raise PbxError(_belongs_to(whose, node, mark))
            if not whose:  # none, or one of an earlier version, which named nobody
                mark.write_text(node)
        except OSError as error:
            raise PbxError(f"The journal cannot be used: {error}") from error

    def has_room(self) -> bool:
        """Whether the PBX can go on writing: the disk is there and not nearly full."""
        try:
            return shutil.disk_usage(self.directory).free >= ROOM
        except OSError:
            return False

    def current(self) -> Path:
        """File for a call about to be placed; cheap enough to be asked for every call.

        The PBX makes it with its first line, so that it belongs to the PBX's own user.
        """
        if self._current is None:
            self._current = self._newest()
        if _size(self._current) >= self._max_bytes:
            self._current = self._after(self._current)
        return self._current

    def _newest(self) -> Path:
        files = self.files()
        if not files:
            return self._numbered(1)
        # What is appended to a torn line would be lost with it.
        return self._after(files[-1]) if _is_torn(files[-1]) else files[-1]

    def _after(self, path: Path) -> Path:
        return self._numbered(int(path.stem) + 1)

    def _numbered(self, number: int) -> Path:
        return self.directory / f"{number:08d}{_SUFFIX}"

    def retire(self, path: Path) -> None:
        """Put aside a file whose attempts are all closed in the store.

        Raises:
            ValueError: new calls still go to this file.
            OSError: it cannot be moved.
        """
        if path == self.current():
            raise ValueError(f"{path.name} is the journal of new calls.")
        put_aside(path)


def _belongs_to(whose: str, node: str, mark: Path) -> str:
    """Why a node cannot use the journal of another, and what to do."""
    return (
        f"{mark.parent} is the journal of the node «{whose}», and this dialer is «{node}»: it "
        f"would not know what became of its calls. Start it with --node {whose}, or give it a PBX "
        f"of its own. If «{whose}» is to be called «{node}» from now on, let its calls end first, "
        f"stop it, and remove {mark}."
    )


def put_aside(path: Path) -> None:
    """Move a file of which everything is in the database, and remove what was moved long ago.

    Raises:
        OSError: it cannot be moved.
    """
    aside = path.parent / SETTLED
    aside.mkdir(mode=0o700, exist_ok=True)
    path.rename(aside / path.name)
    oldest = time.time() - KEPT.total_seconds()
    for file in aside.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)


def kept(directory: Path, suffix: str = _SUFFIX) -> list[Path]:
    """Every file of a directory of journals, those put aside included, in the order of their names.

    Args:
        directory: of the journals.
        suffix: of the files' names.
    """
    found = [*directory.glob(f"*{suffix}"), *(directory / SETTLED).glob(f"*{suffix}")]
    return sorted(found, key=lambda path: path.name)
