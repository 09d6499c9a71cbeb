"""After a gap: settle every attempt in flight before any new call.

The order matters (a call that ends between two steps must not be missed): events are heard from
the login on, then channels are listed, then the journal is read. An attempt that the journal
does not know was never begun by the PBX, but an Originate may still be on its way to it: it is
given back only after a quarantine longer than any such delivery.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.errors import PbxError
from campaigns.reply import Reply
from campaigns.states import AttemptState, TargetState
from dialer import outcomes
from dialer.book import Book
from dialer.calls import Call, Calls, utc_now
from dialer.events import CallEnded, Replied
from dialer.journal import Journal, OptOutPressed, Started, names_any, records_of
from dialer.outcomes import Closing
from dialer.pbx import ChannelState, Pbx
from store import attempts
from store import campaigns as kept
from store.attempts import Open

QUARANTINE_S = 10.0
"""Longer than an Originate can still be on its way: the old socket was reset when it was lost."""

_MARGIN_S = 1.0
_STAT = Path("/proc/stat")

log = structlog.get_logger()


@dataclass(slots=True)
class Journalled:
    """What the PBX wrote of its calls."""

    started: set[str] = field(default_factory=set)
    refused: dict[str, datetime] = field(default_factory=dict)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    ended: dict[str, CallEnded] = field(default_factory=dict)

    def add(self, later: "Journalled") -> None:
        """Take in what was read later."""
        self.started |= later.started
        self.refused |= later.refused
        self.replies |= later.replies
        self.ended |= later.ended

    def began(self, attempt_id: str) -> bool:
        """Whether there is any line of this attempt."""
        return attempt_id in self.started or attempt_id in self.refused


@dataclass(slots=True)
class Reconciled:
    """What one round of reconciliation found.

    Attributes:
        adopted: how many calls are up and were taken back in hand.
        closings: calls that ended, were never begun, or stay in doubt.
        refusals: calls in which 9 was pressed, whatever became of them.
        quarantined: calls whose order may still be on its way to the PBX. The next round tells of
            them; until then they keep the locks on their numbers, and are given slots.
        doubtful: calls that were in doubt before and still are, and need not be over yet.
    """

    adopted: int = 0
    closings: list[Closing] = field(default_factory=list)
    refusals: list[Call] = field(default_factory=list)
    quarantined: list[Call] = field(default_factory=list)
    doubtful: list[Call] = field(default_factory=list)


class Reconciliation:
    """Compares attempts that are open in the store with the PBX's channels and journal."""

    def __init__(
        self,
        book: Book,
        pbx: Pbx,
        journal: Journal,
        calls: Calls,
        adopt: Callable[[Call], None],
        again: Callable[[], None] = lambda: None,
    ) -> None:
        """Put it together.

        Args:
            book: what is open.
            pbx: what is up.
            journal: what the PBX wrote.
            calls: what is in hand already.
            adopt: takes a call in hand, with its slot.
            again: asks for another reconciliation, once calls that were cut off must be over.
        """
        self._again = again
        self._held_until = 0.0
        self._adopt = adopt
        self._book = book
        self._pbx = pbx
        self._journal = journal
        self._journalled = Journalled()
        self._calls = calls

    async def rounds(self) -> AsyncIterator[Reconciled]:
        """Find out what became of every open attempt: at once, and after the quarantine.

        Refusals and ends are known in the first round, so nobody waits for the second to have
        them written. Other calls may be placed after the first.

        Raises:
            PbxError: the channels could not be listed, or the journal not be read; nothing may
                be called yet.
            StoreUnavailable: what is open could not be read.
        """
        self._journalled = Journalled()
        known = await self._book.read(self._open_calls)
        await asyncio.to_thread(self._journal.recognise, self._book.node, expected=bool(known))
        found, unknown = await self._round(known)
        found.refusals = await self._refusals()
        found.quarantined = unknown
        yield found
        if unknown:
            await asyncio.sleep(QUARANTINE_S)
            late, unknown = await self._round(unknown)
            late.closings += [_never_begun(call) for call in unknown]
            late.refusals = await self._refusals()
            yield late
        await self._retire()

    async def _round(self, known: list[Call]) -> tuple[Reconciled, list[Call]]:
        """What is known of these calls now, and those of which the PBX knows nothing."""
        found = Reconciled()
        unknown, gone = await self._look(known, found)
        if gone:
            # An order may have come to the PBX after its channels were listed and before the
            # journal was read: what looks cut off is up, or has ended since.
            _, gone = await self._look(gone, found)
        for call in gone:
            self._cut_off(call, found)
        log.info(
            "reconciled",
            open=len(known),
            adopted=found.adopted,
            closed=len(found.closings),
            unknown=len(unknown),
        )
        return found, unknown

    async def _look(self, known: list[Call], found: Reconciled) -> tuple[list[Call], list[Call]]:
        """Channels, then the journal: the calls nobody knows of, and those that seem cut off."""
        live = await self._take_live(known, found)
        ids = {call.attempt.id for call in known}
        self._journalled.add(await asyncio.to_thread(self._read_journal, ids))
        left = [call for call in known if not self._settle(call, live, found)]
        gone = [call for call in left if self._is_begun(call)]
        return [call for call in left if not self._is_begun(call)], gone

    def _open_calls(self, connection: Connection) -> list[Call]:
        campaigns: dict[int, Campaign] = {}
        opened = attempts.still_open(connection, self._book.node)
        found = [self._call(connection, one, campaigns) for one in opened]
        return [call for call in found if not self._waits_to_be_sent(call)]

    def _waits_to_be_sent(self, call: Call) -> bool:
        """Claimed a moment ago: the sender has it, and gives it back by itself if it must."""
        return call.attempt.id in self._calls and call.sent_at is None

    def _call(self, connection: Connection, one: Open, campaigns: dict[int, Campaign]) -> Call:
        in_hand = self._calls.get(one.attempt.id)
        if in_hand is not None:
            return in_hand
        campaign_id = one.attempt.campaign_id
        if campaign_id not in campaigns:
            campaigns[campaign_id] = kept.by_id(connection, campaign_id)
        return call_of(one, campaigns[campaign_id])

    async def _take_live(self, known: list[Call], found: Reconciled) -> set[str]:
        """Take live calls back in hand at once, so that no event of theirs is missed."""
        channels = {one.attempt_id: one for one in await self._pbx.live_channels()}
        for call in known:
            channel = channels.get(call.attempt.id)
            if channel is None or call.closed:
                continue
            if channel.state is ChannelState.UP:
                call.answered_at = call.answered_at or utc_now()
            found.adopted += 1
            self._note_sent(call)
            self._adopt(call)
        return set(channels)

    def _note_sent(self, call: Call) -> None:
        """The dialer that sent it took the instant with it; it was within a second of the claim."""
        call.sent_at = call.sent_at or call.attempt.claimed_at

    def _settle(self, call: Call, live: set[str], found: Reconciled) -> bool:
        """Whether it is known what became of the call; if so it is noted."""
        attempt_id, journalled = call.attempt.id, self._journalled
        call.opted_out = call.opted_out or attempt_id in journalled.refused
        for reply in journalled.replies.get(attempt_id, ()):
            call.note(reply)
        if attempt_id in journalled.started:
            self._note_sent(call)
        if attempt_id in journalled.ended:
            call.ended = journalled.ended[attempt_id]
            found.closings.append(outcomes.closed(call, call.hung_up, utc_now()))
        elif attempt_id in live:
            return True
        elif call.hung_up is not None and call.answered_at is None:
            found.closings.append(outcomes.closed(call, call.hung_up, utc_now()))
        else:
            return self._stays_in_doubt(call, found)
        return True

    def _stays_in_doubt(self, call: Call, found: Reconciled) -> bool:
        """Whether it is in doubt and nothing new is known of it."""
        stays = call.target_state is TargetState.IN_DOUBT and not call.opted_out
        if stays and not must_be_over(call):
            found.doubtful.append(call)
        return stays

    def _is_begun(self, call: Call) -> bool:
        """Whether the PBX began it, as far as the journal and what we heard tell."""
        return call.opted_out or call.hung_up is not None or self._journalled.began(call.attempt.id)

    def _cut_off(self, call: Call, found: Reconciled) -> None:
        """The PBX began it, it is up no more, and nothing tells of its end."""
        if call.opted_out:
            self._refused(call, found)
        elif call.target_state is not TargetState.IN_DOUBT:
            found.closings.append(outcomes.in_doubt(call, utc_now()))

    def _refused(self, call: Call, found: Reconciled) -> None:
        """The PBX died before the end of the call, and not before the refusal was written.

        A dead PBX leaves its calls up on the far side. The call is kept in hand, with its slot and
        the lock on its number, until it must be over; then it is closed as opted out.
        """
        pressed = self._journalled.refused.get(call.attempt.id)
        call.answered_at = call.answered_at or pressed
        if must_be_over(call):
            found.closings.append(outcomes.closed(call, call.hung_up, utc_now()))
        elif not call.cut_off:
            call.cut_off = True
            self._note_sent(call)
            self._adopt(call)
            self._come_back_for(call)

    def _come_back_for(self, call: Call) -> None:
        """Look again when the last of those cut off must be over."""
        now = time.monotonic()
        left = call.campaign.max_call_s - call.age(now, utc_now()) + _MARGIN_S
        if now + left > self._held_until + _MARGIN_S:
            self._held_until = now + left
            asyncio.get_running_loop().call_later(left, self._again)

    def _read_journal(self, attempt_ids: set[str]) -> Journalled:
        try:
            return journalled_in(self._journal.files(), attempt_ids)
        except OSError as error:
            raise PbxError(f"The journal cannot be read: {error}") from error

    async def _refusals(self) -> list[Call]:
        """Refusals in the journal that are not written with the end of their call.

        Those that are were honoured: whoever removed such a suppression since is not overruled by
        an old journal. Any other is written again each time, which is safe.
        """
        if not self._journalled.refused:
            return []
        return await self._book.read(_calls_of(self._journalled.refused))

    async def _retire(self) -> None:
        """Remove journals of which every call is closed; the one in use stays."""
        await self._book.on_disk()
        opened = await self._book.read(partial(attempts.still_open, node=self._book.node))
        unsettled = {one.attempt.id for one in opened}
        current = self._journal.current()
        for path in self._journal.files():
            try:
                if path != current and not await asyncio.to_thread(names_any, path, unsettled):
                    self._journal.retire(path)
            except OSError as error:  # it is read again next time
                log.warning("a journal stays where it is", file=path.name, why=error.strerror)


def call_of(one: Open, campaign: Campaign) -> Call:
    """An attempt that nothing has closed, as a call in hand."""
    call = Call(one.attempt, campaign, one.attempts, one.tries)
    if one.state is AttemptState.IN_DOUBT:
        call.target_state = TargetState.IN_DOUBT
        call.attempts -= 1  # it was counted when it became doubtful
    return call


def journalled_in(files: Iterable[Path], attempt_ids: set[str]) -> Journalled:
    """What these journals tell of some attempts, and every refusal in them.

    Raises:
        OSError: one is there and cannot be read.
    """
    journalled = Journalled()
    for path in files:
        for record in records_of(path, attempt_ids):
            match record:
                case Started():
                    journalled.started.add(record.attempt_id)
                case OptOutPressed():
                    journalled.refused[record.attempt_id] = record.at
                case Replied():
                    journalled.replies.setdefault(record.attempt_id, []).append(record.reply)
                case CallEnded():
                    journalled.ended[record.attempt_id] = record
    return journalled


def _never_begun(call: Call) -> Closing:
    """The closing of a call of which nobody knows, long after its order can have arrived."""
    if _before_boot(call):
        return outcomes.in_doubt(call, utc_now())
    return outcomes.unsent(call, utc_now())


def _calls_of(ids: Iterable[str]) -> Callable[[Connection], list[Call]]:
    def ask(connection: Connection) -> list[Call]:
        found = attempts.not_refused(connection, ids).values()
        campaigns = {
            one: kept.by_id(connection, one) for one in {each.campaign_id for each in found}
        }
        return [Call(one, campaigns[one.campaign_id], attempts=0, tries=0) for one in found]

    return ask


def must_be_over(call: Call) -> bool:
    """Whether the call has outlived its longest life."""
    return call.age(time.monotonic(), utc_now()) > call.campaign.max_call_s


def _before_boot(call: Call) -> bool:
    """Whether the machine was started since the claim.

    What the PBX had written in its last seconds is then lost where the power failed, so that a
    missing line tells nothing (proc(5), btime).
    """
    booted = re.search(r"^btime (\d+)$", _STAT.read_text(), re.MULTILINE)
    return booted is not None and call.attempt.claimed_at.timestamp() < int(booted[1])
