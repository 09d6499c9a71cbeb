"""Imports that go on while the page shows how far they are: one thread each."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
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


class Imports:
    """Every import that this process has begun, by the token of its file."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()

    def begin(self, token: str, controller_id: int, work: Import) -> None:
        """Begin an import on a thread of its own; one that goes on already is left to go on."""
        with self._lock:
            known = self._running.get(token)
            if known is not None and not known.fault:
                return
            running = self._running[token] = Running(controller_id)
        threading.Thread(target=partial(_run, running, work), name="import", daemon=True).start()

    def of(self, token: str, controller_id: int) -> Running | None:
        """The import of a file; None where this controller has begun none."""
        found = self._running.get(token)
        return found if found and found.controller_id == controller_id else None


def _run(running: Running, work: Import) -> None:
    def tell(progress: ImportProgress) -> None:
        running.progress = progress

    try:
        running.report = work(tell)
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
