"""Whether the audit is what was written: every hash, every link, every call that was allowed.

It is read a thousand events at a time, each in a transaction of its own, so that calls go on
meanwhile and memory stays flat. What is appended while it is read is read as well.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine

from store import allowed_calls, audit_hashes, audit_rows
from store.audit import CALLS_ALLOWED, REMOVALS
from store.audit_rows import Stored


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written.

    Attributes:
        segment: in which segment.
        sequence: at which of its events; None where it is the segment itself.
        what: what is wrong.
    """

    segment: int
    sequence: int | None
    what: str

    def __str__(self) -> str:
        place = f"segment {self.segment}"
        event = "" if self.sequence is None else f", event {self.sequence}"
        return f"{place}{event}: {self.what}"


@dataclass(slots=True)
class Proof:
    """What was looked at.

    Attributes:
        segments: how many.
        events: how many.
        calls: calls allowed, of which there are rows and which were held against them.
        calls_removed: calls allowed, in claims of which retention has removed some or all; what is
            left of them is not compared.
        faults: how many there were.
    """

    segments: int = 0
    events: int = 0
    calls: int = 0
    calls_removed: int = 0
    faults: int = 0


@dataclass(slots=True)
class Share:
    """What of it was one controller's: how many events, and how many calls allowed in them."""

    events: int = 0
    calls: int = 0


Shares: TypeAlias = dict[Any, Share]
"""By controller id; None for what concerns everybody, and whatever a forger may have written."""


def prove(engine: Engine, tell: Callable[[Fault], None], shares: Shares | None = None) -> Proof:
    """Look the whole audit over.

    Args:
        engine: of the database.
        tell: called for each fault as it is found.
        shares: each controller's is counted in it.
    """
    return _Look(engine, tell, {} if shares is None else shares).look()


class _Look:
    """One look over the audit, segment after segment."""

    def __init__(self, engine: Engine, tell: Callable[[Fault], None], shares: Shares) -> None:
        self._engine = engine
        self._tell = tell
        self._shares = shares
        self._proof = Proof()
        self._removed: dict[str, bool] = {}  # by campaign

    def look(self) -> Proof:
        with audit_rows.as_stored(self._engine) as connection:
            known = audit_rows.chain(connection)
            for segment, many in audit_rows.without_segment(connection):
                self._fault(segment, None, f"it is missing, and {many} events of it are left.")
        last = self._segments()
        if known is None:
            self._fault(last, None, "nothing says any more how many segments there must be.")
        elif last < known["segments"]:
            self._fault(last + 1, None, f"missing, and all up to {known['segments']}.")
        return self._proof

    def _segments(self) -> int:
        """Look at each segment; the number of the last."""
        before: Stored | None = None
        number = 0
        while True:
            after = before["id"] if before else None
            with audit_rows.as_stored(self._engine) as connection:
                segment = audit_rows.next_segment(connection, after)
                if segment is None:
                    self._check_last(connection, before)
                    return number
                self._check_opening(connection, segment, before, number)
            self._proof.segments += 1
            number, before = segment["id"], segment
            self._events(segment)

    def _check_last(self, connection: Connection, last: Stored | None) -> None:
        known = audit_rows.chain(connection)
        if known is None or last is None or last["id"] < known["segments"]:
            return
        if (last["id"], last["opening"]) != (known["segments"], known["opening"]):
            self._fault(last["id"], None, "it is not the one that was opened last.")

    def _check_opening(
        self, connection: Connection, segment: Stored, before: Stored | None, number: int
    ) -> None:
        id_ = segment["id"]
        if audit_hashes.of_opening(segment) != segment["opening"]:
            self._fault(id_, None, "what is kept of the segment itself was changed.")
        covered = audit_rows.covered_by(connection, id_)
        if id_ != number + 1:
            self._fault(number + 1, None, f"missing, and all before {id_}.")
        elif segment["anchor"] != audit_hashes.of_anchor(
            before["opening"] if before else "", covered
        ):
            self._fault(id_, None, "what it vouches for of earlier segments was changed.")
        for one in covered:
            self._check_covered(connection, id_, one)

    def _check_covered(
        self, connection: Connection, by: int, covered: tuple[int, int, str]
    ) -> None:
        id_, sequence, head = covered
        found = audit_rows.hash_of(connection, id_, sequence)
        if found is None:
            self._fault(id_, sequence, f"missing; segment {by} vouches for it.")
        elif found != head:
            self._fault(id_, sequence, f"it is not the one that segment {by} vouches for.")

    def _events(self, segment: Stored) -> None:
        walk = _Walk(segment, self._fault)
        while True:
            with audit_rows.as_stored(self._engine) as connection:
                stretch = audit_rows.stretch(connection, segment["id"], walk.sequence)
                if stretch is None:
                    return
                for event in stretch.events:
                    self._share_of(event).events += 1
                    if walk.follows(event) and event["act"] == CALLS_ALLOWED:
                        self._check_calls(connection, event)
            self._proof.events += len(stretch.events)
            if stretch.is_last:
                walk.end(stretch.segment)
                return

    def _check_calls(self, connection: Connection, event: Stored) -> None:
        detail: dict[str, Any] = json.loads(event["detail"])
        found = allowed_calls.found(connection, detail)
        gone = detail["calls"] - found.there
        if gone > 0 and self._is_removed(connection, event["subject"]):
            self._proof.calls_removed += detail["calls"]
            return
        self._proof.calls += found.there
        self._share_of(event).calls += found.there
        place = event["segment_id"], event["sequence"]
        if gone > 0:
            what = f"{gone} of the {detail['calls']} calls of this claim are gone, and no retention"
            self._fault(*place, f"{what} removed them.")
        if not found.agrees:
            what = "the calls, contacts or lists of this claim are not what it was allowed on."
            self._fault(*place, what)

    def _is_removed(self, connection: Connection, subject: str) -> bool:
        """Whether retention says that it has begun to remove calls of a campaign.

        It says so before it does, so that whoever sees a call missing sees that, too.
        """
        if subject not in self._removed:
            self._removed[subject] = audit_rows.has_act(connection, REMOVALS, subject)
        return self._removed[subject]

    def _share_of(self, event: Stored) -> Share:
        return self._shares.setdefault(event["controller_id"], Share())

    def _fault(self, segment: int, sequence: int | None, what: str) -> None:
        self._proof.faults += 1
        self._tell(Fault(segment, sequence, what))


class _Walk:
    """Follows the events of one segment, each of which must rest on the one before.

    The one after a gap rests on one that is not there, so that it can't be judged.
    """

    def __init__(self, segment: Stored, fault: Callable[[int, int | None, str], None]) -> None:
        self.sequence: int | None = None
        self._segment = segment["id"]
        self._previous: str = segment["opening"]
        self._fault = fault

    def follows(self, event: Stored) -> bool:
        """Whether this event is certainly the next one, as it was written."""
        sequence, before = event["sequence"], self.sequence or 0
        self.sequence = sequence
        if sequence != before + 1:
            self._missing(before + 1, sequence - 1)
            self._previous = event["hash"]
            return False
        intact = bool(audit_hashes.of_event(self._previous, event) == event["hash"])
        if not intact:
            self._fault(self._segment, sequence, "it was changed.")
        self._previous = event["hash"]
        return intact

    def end(self, segment: Stored) -> None:
        """There are no more: the segment must say the same, and name the last one's hash."""
        last, length = self.sequence or 0, segment["length"]
        if last < length:
            self._missing(last + 1, length)
        elif last > length:
            self._fault(self._segment, length + 1, "the segment does not know of it.")
        elif self._previous != segment["head"]:
            self._fault(self._segment, last or None, "the segment ends with another one.")

    def _missing(self, first: int, last: int) -> None:
        more = f", and all up to {last}" if last > first else ""
        self._fault(self._segment, first, f"missing{more}.")
