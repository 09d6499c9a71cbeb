"""One stop for everything: from the command line or the page, whether or not a dialer runs.

It is one row, which the claim reads in its transaction and the dialer twice a second: nothing is
claimed once it is committed, and calls that are up are hung up within a second. Campaigns keep
their state. Stopping is always safe, so whoever has a key may do it, though it concerns every
controller; taking it back is for the operator, at the command line, or for the key that did it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from campaigns.errors import InvalidInput, NotAllowed
from operations.workspace import Workspace
from store import audit, halts
from store.engine import reading, writing
from store.halts import Halt

EVERYTHING = "everything"
"""The subject of a stop in the audit."""

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A stop as a controller may see it.

    Attributes:
        at: since when.
        by: who; empty where it was a key of another controller's.
        reason: why; may be empty.
        may_resume: whether whoever looks may take it back.
    """

    at: datetime
    by: str
    reason: str
    may_resume: bool


def stop_everything(
    workspace: Workspace, by: str, reason: str = "", controller_id: int | None = None
) -> Halt:
    """Let nobody be called, and hang up what is up; the stop in force, which may be an older one.

    Args:
        workspace: where.
        by: the person who asks.
        reason: why, in that person's words.
        controller_id: whose key asks; None for the operator.

    Raises:
        InvalidInput: nobody is named, or the reason is too long.
    """
    wanted = Halt(datetime.now(UTC), _named(by), _line(reason), controller_id)
    with writing(workspace.engine) as connection:
        if halts.put(connection, wanted):
            audit.record(
                connection, wanted.at, wanted.by, "halt.stop", EVERYTHING, controller_id,
                {"reason": wanted.reason},
            )  # fmt: skip
        return halts.current(connection) or wanted


def resume_everything(workspace: Workspace, by: str, controller_id: int | None = None) -> bool:
    """Let calls be placed again; False where nothing was stopped.

    Args:
        workspace: where.
        by: the person who asks.
        controller_id: whose key asks; None for the operator.

    Raises:
        InvalidInput: nobody is named.
        NotAllowed: a key asks that did not stop it.
    """
    by = _named(by)
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        found = halts.current(connection)
        if found is None:
            return False
        if controller_id is not None and (found.controller_id, found.by) != (controller_id, by):
            raise NotAllowed(
                "Everything was stopped by somebody else. Only they, or the operator with "
                "«portevoix resume --all», may let calls be placed again."
            )
        halts.lift(connection)
        detail = {"stopped_by": found.by, "stopped_at": found.at.isoformat()}
        audit.record(connection, now, by, "halt.resume", EVERYTHING, controller_id, detail)
    return True


def current(workspace: Workspace) -> Halt | None:
    """The stop in force, with everything that is known of it: for the operator."""
    with reading(workspace.engine) as connection:
        return halts.current(connection)


def seen_by(found: Halt, controller_id: int, name: str) -> Seen:
    """A stop as the owner of a key sees it."""
    if found.controller_id not in {None, controller_id}:
        return Seen(found.at, "", "", may_resume=False)
    own = found.controller_id == controller_id and found.by == name
    return Seen(found.at, found.by, found.reason, may_resume=own)


def _named(by: str) -> str:
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    return by.strip()


def _line(reason: str) -> str:
    said = " ".join(reason.split())
    if len(said) > LONGEST_REASON:
        raise InvalidInput(
            "reason", f"it is longer than {LONGEST_REASON} characters.", "Shorten it."
        )
    return said
