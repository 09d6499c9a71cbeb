"""After a restore: what the PBX's journals tell of calls that the restored record does not know.

The journal names each call's target. A call placed after the backup is written as the claim would
have written it, and closed as it ended; one of which no end is known is in doubt, and so never
placed again by itself. So is every attempt that was open at the moment of the backup and has no
end: the journals may be older than that call, so that a missing line tells nothing. Where they tell
of a later call to the same person it was never begun, for nobody is called again before it is known
what became of the call before.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection
from ulid import ULID

from campaigns.attempt import Attempt
from campaigns.budget import FREE, Prices
from campaigns.campaign import Campaign
from campaigns.states import TargetState
from campaigns.trunk import Trunk
from dialer import outcomes
from dialer.book import write_closings, write_refusals
from dialer.calls import Call
from dialer.journal import Started, kept, read
from dialer.outcomes import Closing
from dialer.reconcile import Journalled, call_of, journalled_in
from operations.workspace import Workspace
from store import attempts, recovered
from store import campaigns as campaign_rows
from store.engine import reading, writing
from store.recovered import Person

T = TypeVar("T")

AT_ONCE = 200
"""Calls written in one transaction."""


@dataclass(slots=True)
class Recovered:
    """What the journals told.

    Attributes:
        calls: calls that the record did not know and that are in it now.
        doubtful: of these and of those open at the backup, how many are in doubt.
        refusals: people who pressed 9 and whose refusal was not in the record.
        strangers: calls to people that the record does not know: of lists that came later.
        untargeted: calls that the record does not know and of which the journal, that of an earlier
            version, does not say to whom they went.
        lost_refusals: those of these two who pressed 9, and of whom nobody knows the number.
        unreadable: lines that mean nothing or were torn: a call or a refusal may be lost in each.
    """

    calls: int = 0
    doubtful: int = 0
    refusals: int = 0
    strangers: int = 0
    untargeted: int = 0
    lost_refusals: int = 0
    unreadable: int = 0


class _Begun(NamedTuple):
    """A call that a journal tells of, with what else the same journal tells of it and others."""

    started: Started
    journalled: Journalled


def recover(workspace: Workspace, *directories: Path) -> Recovered:
    """Bring the record up to what the journals know; no dialer may run.

    Doing it again with more journals adds what they know. Those of one database's nodes belong
    together: a person whom one has called may be called again by another, and what is no line of
    one is a line of another.

    Args:
        workspace: that was restored.
        directories: of the journals, one for each PBX.

    Raises:
        OSError: a journal is there and cannot be read.
        StoreUnavailable: it cannot be recorded; what was read so far is.
    """
    each = [kept(directory) for directory in directories]
    work = _Recovery(workspace)
    work.settle_open([file for files in each for file in files])
    work.add_unknown(each)
    return work.found


class _Recovery:
    """One look through the journals of all PBXs; a call keeps the file that it began in."""

    def __init__(self, workspace: Workspace) -> None:
        self._engine = workspace.engine
        self._trunks = {one.name: one for one in workspace.settings.all_trunks()}
        self._campaigns: dict[int, Campaign] = {}
        self._called_later: dict[int, str] = {}
        self._now = datetime.now(UTC)
        self.found = Recovered()

    def settle_open(self, files: Sequence[Path]) -> None:
        """Settle what was open at the backup."""
        with reading(self._engine) as connection:
            open_ = attempts.still_open(connection)
            calls = [
                call_of(one, self._campaign(connection, one.attempt.campaign_id)) for one in open_
            ]
        journalled = journalled_in(files, {call.attempt.id for call in calls})
        self._called_later = _latest(files, {call.attempt.target_id for call in calls})
        for some in _by(AT_ONCE, calls):
            with writing(self._engine) as connection:
                self._close(connection, some, journalled)

    def add_unknown(self, each: Iterable[Sequence[Path]]) -> None:
        """Add the calls that the record does not know, in the order in which they were placed.

        Args:
            each: the journals of one PBX after the other's, oldest first.
        """
        begun = merge(*(self._begun(files) for files in each), key=_attempt_id)
        while some := list(islice(begun, AT_ONCE)):
            with writing(self._engine) as connection:
                known = set(attempts.by_ids(connection, [_attempt_id(one) for one in some]))
                for one in some:
                    if _attempt_id(one) not in known:
                        self._add(connection, one.started, one.journalled)
                        known.add(_attempt_id(one))

    def _begun(self, files: Iterable[Path]) -> Iterator[_Begun]:
        """The calls of one PBX; one file at a time is in memory."""
        for file in files:
            found = read(file)
            self.found.unreadable += found.garbage + (file.stat().st_size > found.offset)
            started = [one for one in found.records if isinstance(one, Started)]
            journalled = journalled_in([file], {one.attempt_id for one in started})
            for one in sorted(started, key=lambda one: one.attempt_id):
                yield _Begun(one, journalled)

    def _add(self, connection: Connection, started: Started, journalled: Journalled) -> None:
        """Add one call: the next one of the same person is judged by how this one left them."""
        person = recovered.person(connection, started.target_id)
        if person is None:
            self.found.strangers += started.target_id != 0
            self.found.untargeted += started.target_id == 0
            self.found.lost_refusals += started.attempt_id in journalled.refused
            return
        call = self._call(connection, started.attempt_id, person)
        if attempts.locked(connection, [person.number]):
            # The one before is in doubt, and stays the one that is.
            self._refuse(connection, [call], journalled)
            return
        recovered.begin(
            connection, call.attempt, person, call.campaign.pack, call.campaign.rehearsal
        )
        self.found.calls += 1
        self._close(connection, [call], journalled)

    def _call(self, connection: Connection, attempt_id: str, person: Person) -> Call:
        """The call as it was claimed: when, its id tells; by which trunk, nothing does."""
        campaign = self._campaign(connection, person.campaign_id)
        attempt = Attempt(
            id=attempt_id,
            campaign_id=campaign.id,
            target_id=person.id,
            number=person.number,
            trunk=campaign.trunk,
            caller_id=campaign.caller_id,
            claimed_at=ULID.from_str(attempt_id).datetime,
            price=_prices(self._trunks.get(campaign.trunk), campaign).of(person.number) or FREE,
            variant=person.variant,
        )
        return Call(attempt, campaign, person.attempts, person.tries)

    def _close(self, connection: Connection, calls: Sequence[Call], journalled: Journalled) -> None:
        closings = [one for call in calls if (one := self._closing(call, journalled))]
        self._refuse(connection, calls, journalled)
        write_closings(connection, closings)
        self.found.doubtful += sum(one.settled.state is TargetState.IN_DOUBT for one in closings)

    def _refuse(
        self, connection: Connection, calls: Sequence[Call], journalled: Journalled
    ) -> None:
        refused = [call for call in calls if call.attempt.id in journalled.refused]
        write_refusals(connection, refused)
        self.found.refusals += len(refused)

    def _closing(self, call: Call, journalled: Journalled) -> Closing | None:
        """As it ended; in doubt where nothing tells; None where it is in doubt already."""
        id_ = call.attempt.id
        call.sent_at = call.sent_at or call.attempt.claimed_at
        call.opted_out = id_ in journalled.refused
        call.ended = journalled.ended.get(id_)
        for said in journalled.replies.get(id_, ()):
            call.note(said)
        if call.ended is not None:
            return outcomes.closed(call, None, self._now)
        if call.target_state is TargetState.IN_DOUBT:
            return None
        later = self._called_later.get(call.attempt.target_id, "")
        if later > id_ and not journalled.began(id_):
            return outcomes.unsent(call, self._now)
        return outcomes.in_doubt(call, self._now)

    def _campaign(self, connection: Connection, id_: int) -> Campaign:
        if id_ not in self._campaigns:
            self._campaigns[id_] = campaign_rows.by_id(connection, id_)
        return self._campaigns[id_]


def _prices(trunk: Trunk | None, campaign: Campaign) -> Prices:
    if trunk is None:
        return Prices()
    return Prices(trunk.tariffs, trunk.longest_call_s(campaign.max_call_s))


def _latest(files: Iterable[Path], target_ids: Collection[int]) -> dict[int, str]:
    """The last attempt that any journal tells of, by target, of these targets."""
    found: dict[int, str] = {}
    for file in files:
        for one in read(file).records:
            if isinstance(one, Started) and one.target_id in target_ids:
                found[one.target_id] = max(found.get(one.target_id, ""), one.attempt_id)
    return found


def _attempt_id(one: _Begun) -> str:
    return one.started.attempt_id


def _by(count: int, all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(all_of_them), count):
        yield all_of_them[first : first + count]
