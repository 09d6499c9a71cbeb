"""Imports that go on in this process, and how far each is.

Those that the page begins have a thread each; one that a program sends is done while it waits.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from campaigns.errors import InvalidInput, PortevoixError
from operations.import_list import ImportProgress, ImportReport

Import = Callable[[Callable[[ImportProgress], None]], ImportReport]
"""Does the import, and tells how far it is."""

log = structlog.get_logger()


@dataclass(slots=True)
class Running:
    """One import.

    Attributes:
        controller_id: for whom.
        progress: how far it is; None before its first rows are kept.
        report: what came of it; None while it goes on.
        fault: why it failed; None where it did not.
    """

    controller_id: int
    progress: ImportProgress | None = None
    report: ImportReport | None = None
    fault: PortevoixError | None = None
    over: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Far:
    """How far an import is.

    Attributes:
        first, last: what was told of it at first, and last; both with the instant.
    """

    first: tuple[datetime, ImportProgress]
    last: tuple[datetime, ImportProgress]

    @property
    def share(self) -> float:
        """Of the file that was read, 0 to 1."""
        _, now = self.last
        return now.bytes_read / now.bytes_total if now.bytes_total else 1.0

    @property
    def finish_at(self) -> datetime | None:
        """When it will be done if it goes on as it did; None where nothing can be told yet."""
        (begun, before), (at, now) = self.first, self.last
        read = now.bytes_read - before.bytes_read
        if read <= 0:
            return None
        left: timedelta = (at - begun) * ((now.bytes_total - now.bytes_read) / read)
        return at + left


class Imports:
    """Every import that this process has begun, by the token of its file or by its list."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._far: dict[int, Far] = {}

    def far(self, list_id: int) -> Far | None:
        """How far the import of a list is; None where none goes on here, or nothing is kept yet."""
        return self._far.get(list_id)

    @contextmanager
    def watching(self) -> Iterator[Callable[[ImportProgress], None]]:
        """Takes what an import tells of itself, for as long as it lasts."""
        lists: set[int] = set()

        def tell(progress: ImportProgress) -> None:
            now = datetime.now(UTC), progress
            known = self._far.get(progress.list_id)
            self._far[progress.list_id] = Far(known.first if known else now, now)
            lists.add(progress.list_id)

        try:
            yield tell
        finally:
            for list_id in lists:
                self._far.pop(list_id, None)

    def begin(self, token: str, controller_id: int, work: Import) -> None:
        """Begin an import on a thread of its own; one that goes on already is left to go on."""
        with self._lock:
            known = self._running.get(token)
            if known is not None and not known.fault:
                return
            running = self._running[token] = Running(controller_id)
        doing = partial(self._run, running, work)
        threading.Thread(target=doing, name="import", daemon=True).start()

    def of(self, token: str, controller_id: int) -> Running | None:
        """The import of a file; None where this controller has begun none."""
        found = self._running.get(token)
        return found if found and found.controller_id == controller_id else None

    def _run(self, running: Running, work: Import) -> None:
        with self.watching() as watched:

            def tell(progress: ImportProgress) -> None:
                running.progress = progress
                watched(progress)

            _done(running, partial(work, tell))


def _done(running: Running, work: Callable[[], ImportReport]) -> None:
    try:
        running.report = work()
    except PortevoixError as error:
        running.fault = error
        if not isinstance(error, InvalidInput):
            log.warning("an import stopped", why=str(error))
    finally:
        if running.report is None and running.fault is None:  # nobody would ever know
            running.fault = PortevoixError(
                "The import stopped. Begin it again: it goes on where it was."
            )
        running.over.set()
