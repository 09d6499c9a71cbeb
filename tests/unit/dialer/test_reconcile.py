"""After a gap: every combination of what the store, the PBX and its journal know of a call."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from dialer_subjects import a_call
from fake_pbx import FakeCall, FakePbx
from sqlalchemy import Engine, delete, update
from store_subjects import World, number

from campaigns.errors import PbxError
from campaigns.outcome import Outcome
from dialer import reconcile
from dialer.book import Book, write_closings
from dialer.calls import Call, Calls, utc_now
from dialer.claim import Want, claim
from dialer.events import HungUp
from dialer.journal import Journal
from dialer.orders import OriginateOrder
from dialer.outcomes import in_doubt, never_placed
from dialer.pbx import ChannelState
from dialer.reconcile import Reconciled, Reconciliation
from store.engine import writing
from store.leases import MAIN
from store.tables import attempt, suppression


@pytest.fixture(autouse=True)
def short_quarantine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """On a machine that was started long ago; the file that says when."""
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.01)
    stat = tmp_path / "stat"
    stat.write_text("cpu 1 2 3\nbtime 1000000000\n")
    monkeypatch.setattr(reconcile, "_STAT", stat)
    return stat


@dataclass
class Subject:
    world: World
    pbx: FakePbx
    book: Book
    journal: Journal
    calls: Calls
    adopted: list[Call]
    reconciliation: Reconciliation
    journal_text: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        with self.journal.current().open("a") as stream:
            stream.write(text + "\n")

    def started(self, call: Call) -> None:
        self.line(f"start|{call.attempt.id}")

    def refused(self, call: Call) -> None:
        self.line(f"optout|{call.attempt.id}|1772449200000")

    def ended(self, call: Call) -> None:
        self.line(
            f"end|{call.attempt.id}|1772449205000|1772449200000|16|id|played|2000|100|100||SIP 200"
        )

    def live(self, call: Call, state: ChannelState = ChannelState.UP) -> None:
        order = OriginateOrder(call.attempt.id, "e", "n", "c", 15, 60, "m", "c", "/dev/null")
        self.pbx.calls[call.attempt.id] = FakeCall(self.pbx, order, state)

    def claimed(self, count: int = 1) -> list[Call]:
        campaign = self.world.called(count)
        with writing(self.world.engine) as connection:
            taken = claim(connection, Want(campaign, count, True, MAIN), self.world.now).taken
        return [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]

    def doubt(self, call: Call) -> None:
        with writing(self.world.engine) as connection:
            write_closings(connection, [in_doubt(call, self.world.now)])

    async def run(self) -> Reconciled:
        found = Reconciled()
        async for part in self.reconciliation.rounds():
            found.adopted += part.adopted
            found.closings += part.closings
            found.refusals += part.refusals
            found.doubtful += part.doubtful
        with writing(self.world.engine) as connection:
            write_closings(connection, found.closings)
        self.world.check()
        return found


@pytest.fixture
async def subject(own_store: Engine, tmp_path: Path) -> Subject:
    pbx, book, calls = FakePbx(), Book(own_store), Calls()
    adopted: list[Call] = []
    journal = Journal(tmp_path)
    journal.recognise(MAIN, expected=False)
    await book.open()
    await pbx.open(lambda events: None)
    made = Reconciliation(book, pbx, journal, calls, adopted.append)
    return Subject(World(own_store), pbx, book, journal, calls, adopted, made)


@pytest.mark.parametrize(
    ("doubtful", "live", "started", "optout", "ended"), list(product([False, True], repeat=5))
)
async def test_what_becomes_of_an_attempt(
    subject: Subject, doubtful: bool, live: bool, started: bool, optout: bool, ended: bool
) -> None:
    (call,) = subject.claimed()
    if doubtful:
        subject.doubt(call)
    for known, note in ((live, subject.live), (started, subject.started),
                        (optout, subject.refused), (ended, subject.ended)):  # fmt: skip
        if known:
            note(call)
    found = await subject.run()
    row = subject.world.attempts()[call.attempt.id]
    state = subject.world.targets(call.campaign.id)[0]["state"]
    assert [one.attempt.id for one in found.refusals] == ([call.attempt.id] if optout else [])
    if ended:
        assert row["outcome"] == ("opted_out" if optout else "delivered")
        assert state == "reached"
        assert row["state"] == "closed"
    elif live:
        assert [one.attempt.id for one in subject.adopted] == [call.attempt.id]
        assert row["state"] == ("in_doubt" if doubtful else "claimed")
    elif optout:
        # The PBX died after the key: that much is known of the call, and it is all that matters.
        assert (row["outcome"], row["state"], state) == ("opted_out", "closed", "reached")
        assert row["answered_at"] is not None
    elif started or doubtful:
        assert (row["state"], state) == ("in_doubt", "in_doubt")
        assert subject.world.locks() == {number(0): call.attempt.id}
    else:
        assert (row["state"], state) == ("unsent", "pending")
        assert subject.world.locks() == {}


async def test_nothing_is_said_of_calls_that_are_closed(subject: Subject) -> None:
    (call,) = subject.claimed()
    with writing(subject.world.engine) as connection:
        write_closings(connection, [never_placed(call, Outcome.BUSY, subject.world.now)])
    subject.started(call)
    subject.refused(call)
    found = await subject.run()
    assert found.closings == []
    assert [one.attempt.id for one in found.refusals] == [call.attempt.id], "a refusal counts ever"
    assert subject.world.attempts()[call.attempt.id]["outcome"] == "busy"


async def test_reconciling_again_changes_nothing(subject: Subject) -> None:
    calls = subject.claimed(4)
    subject.started(calls[0])
    subject.ended(calls[1])
    subject.live(calls[2])
    await subject.run()
    before = (subject.world.attempts(), subject.world.states(calls[0].campaign.id))
    await subject.run()
    assert (subject.world.attempts(), subject.world.states(calls[0].campaign.id)) == before


async def test_an_originate_still_on_its_way_is_waited_for(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, never = subject.claimed(2)

    async def arrive(seconds: float) -> None:
        subject.started(late)
        subject.live(late)

    threads = SimpleNamespace(sleep=arrive, to_thread=asyncio.to_thread)
    monkeypatch.setattr(reconcile, "asyncio", threads)
    found = await subject.run()
    assert [one.attempt.id for one in subject.adopted] == [late.attempt.id]
    assert [one.ended.id for one in found.closings] == [never.attempt.id]


async def test_what_the_sender_holds_is_left_to_it(subject: Subject) -> None:
    waiting, lost = subject.claimed(2)
    subject.calls.add(waiting)
    lost.sent_at = utc_now()
    subject.calls.add(lost)
    found = await subject.run()
    assert [one.call for one in found.closings] == [lost]
    assert subject.world.attempts()[waiting.attempt.id]["state"] == "claimed"


async def test_a_call_in_hand_is_the_one_that_is_settled(subject: Subject) -> None:
    up, over = subject.claimed(2)
    for call in (up, over):
        call.sent_at = utc_now()
        subject.calls.add(call)
    subject.live(up)
    subject.ended(over)
    found = await subject.run()
    assert subject.adopted == [up]
    assert up.answered_at is not None, "it was answered in the gap"
    assert [one.call for one in found.closings] == [over]


async def test_an_adopted_call_that_only_rings_is_not_taken_for_answered(subject: Subject) -> None:
    (call,) = subject.claimed()
    subject.live(call, ChannelState.RINGING)
    await subject.run()
    assert subject.adopted[0].answered_at is None


@pytest.mark.parametrize(("answered", "state"), [(False, "closed"), (True, "in_doubt")])
async def test_a_hangup_of_which_the_journal_tells_no_end(
    subject: Subject, answered: bool, state: str
) -> None:
    (call,) = subject.claimed()
    call.sent_at, call.hung_up = utc_now(), HungUp(call.attempt.id, 17, 486)
    call.answered_at = utc_now() if answered else None
    subject.calls.add(call)
    subject.started(call)
    await subject.run()
    assert subject.world.attempts()[call.attempt.id]["state"] == state


async def test_a_hangup_without_any_journal_is_never_called_again_for_that(
    subject: Subject,
) -> None:
    (call,) = subject.claimed()
    call.sent_at, call.hung_up = utc_now(), HungUp(call.attempt.id, 17, 486)
    subject.calls.add(call)
    await subject.run()
    assert subject.world.attempts()[call.attempt.id]["outcome"] == "busy"


async def test_nothing_is_decided_while_the_pbx_cannot_be_asked(subject: Subject) -> None:
    (call,) = subject.claimed()
    subject.pbx.go_down()
    with pytest.raises(PbxError):
        await subject.run()
    assert subject.world.attempts()[call.attempt.id]["state"] == "claimed"


async def test_channels_that_are_not_ours_are_left_alone(subject: Subject) -> None:
    (call,) = subject.claimed()
    subject.live(a_call())
    await subject.run()
    assert subject.adopted == []
    assert subject.pbx.asked_to_hang_up == []
    assert subject.world.attempts()[call.attempt.id]["state"] == "unsent"


async def test_a_call_in_doubt_keeps_its_slots_until_it_must_be_over(subject: Subject) -> None:
    """A dead PBX leaves it up on the far side, whichever dialer comes next."""
    (call,) = subject.claimed()
    subject.doubt(call)
    for ago, kept in ((1.0, [call.attempt.id]), (call.campaign.max_call_s + 1.0, [])):
        with writing(subject.world.engine) as connection:
            claimed_at = utc_now() - timedelta(seconds=ago)
            connection.execute(update(attempt).values(claimed_at=claimed_at))
        found = await subject.run()
        assert [one.attempt.id for one in found.doubtful] == kept


async def test_doubt_settled_later_counts_one_attempt(subject: Subject) -> None:
    (call,) = subject.claimed()
    subject.started(call)
    await subject.run()
    assert subject.world.targets(1)[0]["attempts"] == 1
    subject.ended(call)
    await subject.run()
    target = subject.world.targets(1)[0]
    assert (target["state"], target["attempts"]) == ("reached", 1)


async def test_old_journals_go_once_their_calls_are_closed(
    subject: Subject, tmp_path: Path
) -> None:
    closed, doubtful = subject.claimed(2)
    for name, call in (("00000001", closed), ("00000002", doubtful)):
        (tmp_path / f"{name}.journal").write_text(f"start|{call.attempt.id}\n")
    (tmp_path / "00000003.journal").write_text("")
    with writing(subject.world.engine) as connection:
        write_closings(connection, [never_placed(closed, Outcome.BUSY, subject.world.now)])
    await subject.run()
    names = [path.name for path in subject.journal.files()]
    assert "00000001.journal" not in names
    assert "00000002.journal" in names


async def test_a_call_cut_off_after_its_refusal_keeps_its_number_until_it_must_be_over(
    subject: Subject,
) -> None:
    """The PBX died; the person may still be on the line, and another campaign must not ring."""
    subject.world.now = utc_now()
    (call,) = subject.claimed()
    subject.started(call)
    subject.refused(call)
    found = await subject.run()
    assert [one.attempt.id for one in found.refusals] == [call.attempt.id], "at once"
    assert found.closings == []
    assert subject.world.locks() == {number(0): call.attempt.id}
    assert [one.attempt.id for one in subject.adopted] == [call.attempt.id], "its slot is taken"
    in_hand = subject.adopted[0]
    subject.calls.add(in_hand)
    in_hand.claimed = time.monotonic() - call.campaign.max_call_s + 5.0
    assert (await subject.run()).closings == []
    in_hand.claimed -= 6.0
    found = await subject.run()
    assert [one.ended.outcome for one in found.closings] == [Outcome.OPTED_OUT]
    assert subject.world.locks() == {}


async def test_the_next_dialer_closes_it_by_the_time_of_its_claim(subject: Subject) -> None:
    subject.world.now = utc_now()
    (call,) = subject.claimed()
    life = timedelta(seconds=call.campaign.max_call_s)
    for age, closed in ((life - timedelta(seconds=5), 0), (life + timedelta(seconds=5), 1)):
        with writing(subject.world.engine) as connection:
            connection.execute(update(attempt).values(claimed_at=utc_now() - age))
        subject.refused(call)
        assert len((await subject.run()).closings) == closed


async def test_a_refusal_that_was_honoured_is_not_brought_back(subject: Subject) -> None:
    """Whoever takes such a suppression away is not overruled by what an old journal says."""
    (call,) = subject.claimed()
    subject.refused(call)
    subject.ended(call)
    await subject.run()
    with writing(subject.world.engine) as connection:
        connection.execute(delete(suppression))
    for _ in range(2):
        assert (await subject.run()).refusals == []


async def test_refusals_of_any_number_of_calls_are_looked_up(subject: Subject) -> None:
    """More than a database takes values in one statement."""
    (call,) = subject.claimed()
    for index in range(70_000):
        subject.journal_text.append(f"optout|01{index:024d}|1772449200000")
    subject.journal.current().write_text("\n".join(subject.journal_text) + "\n")
    subject.refused(call)
    assert [one.attempt.id for one in (await subject.run()).refusals] == [call.attempt.id]


@pytest.mark.parametrize(("booted", "state"), [(-60, "unsent"), (60, "in_doubt")])
async def test_a_missing_line_tells_nothing_where_the_power_failed(
    subject: Subject, short_quarantine: Path, booted: int, state: str
) -> None:
    """The claim was committed to the disk; what the PBX wrote in its last seconds was not."""
    (call,) = subject.claimed()
    instant = int(call.attempt.claimed_at.timestamp()) + booted
    short_quarantine.write_text(f"btime {instant}\n")  # noqa: ASYNC240 - a few bytes
    await subject.run()
    assert subject.world.attempts()[call.attempt.id]["state"] == state


async def test_a_journal_that_is_not_there_says_nothing_of_anybody(
    subject: Subject, tmp_path: Path
) -> None:
    """The directory shared with the PBX is not mounted: its place is empty."""
    (call,) = subject.claimed()
    (tmp_path / "elsewhere").mkdir()
    subject.journal.directory = tmp_path / "elsewhere"
    with pytest.raises(PbxError, match="Is it mounted"):
        await subject.run()
    assert subject.world.attempts()[call.attempt.id]["state"] == "claimed"
    subject.journal.directory = tmp_path
    await subject.run()
    assert subject.world.attempts()[call.attempt.id]["state"] == "unsent"


async def test_a_journal_that_cannot_be_read_is_read_later(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (call,) = subject.claimed()
    subject.started(call)
    subject.ended(call)

    def fail(path: Path, attempt_ids: object) -> None:
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as broken:
        broken.setattr(reconcile, "records_of", fail)
        with pytest.raises(PbxError, match="Stale file handle"):
            await subject.run()
    assert subject.world.attempts()[call.attempt.id]["state"] == "claimed"
    await subject.run()
    assert subject.world.attempts()[call.attempt.id]["outcome"] == "delivered"


async def test_calls_that_were_cut_off_are_looked_at_when_they_must_be_over(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all that were cut off together."""
    asked: list[float] = []
    later = SimpleNamespace(call_later=lambda delay, act: asked.append(delay))
    seen = SimpleNamespace(
        sleep=asyncio.sleep, to_thread=asyncio.to_thread, get_running_loop=lambda: later
    )
    subject.world.now = utc_now()
    calls = subject.claimed(5)
    for call in calls:
        subject.refused(call)
    with monkeypatch.context() as patched:
        patched.setattr(reconcile, "asyncio", seen)
        await subject.run()
        await subject.run()
    assert len(asked) == 1
    assert asked[0] == pytest.approx(calls[0].campaign.max_call_s, abs=3.0)
    assert all(call.cut_off for call in subject.adopted)
