"""A database that is restored from a backup, and the calls that came after it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dialing import dialing, until
from fake_pbx import FakeCall, FakePbx
from sqlalchemy import select
from store_subjects import World, number
from ulid import ULID

from campaigns.campaign import Campaign
from campaigns.retry import RetryPolicy
from campaigns.script import Question, Script, script_to_plain
from campaigns.states import CampaignState
from dialer import engine, reconcile, scheduler
from dialer.claim import Want, claim
from dialer.journal import SETTLED
from dialer.recovery import Recovered, recover
from operations import suppression_key
from operations.backup import back_up
from operations.hold import release
from operations.restore import Restored, add_journals, restore
from operations.workspace import Workspace, open_workspace
from store import campaigns as kept
from store import suppressions
from store.engine import reading, writing
from store.tables import reply

PEOPLE = 45
ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.05)
    monkeypatch.setattr(engine, "AGAIN_S", 0.02)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)


@dataclass
class Subject:
    """A home, a campaign in it, and its journal."""

    workspace: Workspace
    world: World
    campaign: Campaign

    @property
    def journals(self) -> Path:
        return self.workspace.settings.home / "pbx" / "journal"

    def write(self, *lines: str, name: str = "00000001.journal") -> None:
        self.journals.mkdir(parents=True, exist_ok=True)
        with (self.journals / name).open("a") as stream:
            stream.writelines(f"{line}\n" for line in lines)

    def target(self, index: int) -> int:
        found = {row["number"]: row["id"] for row in self.world.targets(self.campaign.id)}
        return int(found[number(index)])

    def recover(self) -> Recovered:
        found = recover(self.workspace, self.journals)
        self.world.check()
        return found


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    workspace = open_workspace(tmp_path / "home")
    world = World(workspace.engine, datetime.now(UTC))
    return Subject(workspace, world, world.called(PEOPLE, retry=ONCE))


def started(attempt: str, target: int) -> str:
    return f"start|{attempt}|{target}"


def ended(attempt: str, result: str = "played") -> str:
    return f"end|{attempt}|1772449205000|1772449200000|16|id|{result}|2000|100|100||SIP 200"


def busy(attempt: str) -> str:
    return f"end|{attempt}|1772449205000|0|17|id||0|0|0||SIP 486"


def test_a_call_of_which_the_end_is_known_is_in_the_record(subject: Subject) -> None:
    attempt, who = str(ULID()), subject.target(3)
    subject.write(started(attempt, who), ended(attempt))
    assert subject.recover() == Recovered(calls=1)
    row = subject.world.attempts()[attempt]
    assert (row["outcome"], row["target_id"], row["number"]) == ("delivered", who, number(3))
    assert subject.world.states(subject.campaign.id) == {"pending": PEOPLE - 1, "reached": 1}
    assert subject.recover() == Recovered(), "once"


def test_a_call_of_which_no_end_is_known_is_in_doubt(subject: Subject) -> None:
    attempt = str(ULID())
    subject.write(started(attempt, subject.target(0)))
    assert subject.recover() == Recovered(calls=1, doubtful=1)
    assert subject.world.locks() == {number(0): attempt}


def test_a_refusal_is_in_force_with_and_without_the_end_of_its_call(subject: Subject) -> None:
    one, other = str(ULID()), str(ULID())
    subject.write(
        started(one, subject.target(0)), f"optout|{one}|1772449200000", ended(one, "optout")
    )
    subject.write(started(other, subject.target(1)), f"optout|{other}|1772449200000")
    found = subject.recover()
    assert (found.calls, found.refusals, found.doubtful) == (2, 2, 1)
    with reading(subject.world.engine) as connection:
        asked = [number(0), number(1), number(2)]
        now = datetime.now(UTC)
        refused = suppressions.in_force(connection, asked, subject.campaign.controller_id, 0, now)
    assert refused == {number(0), number(1)}


def test_what_was_said_with_keys_is_in_the_record(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "home")
    world = World(workspace.engine, datetime.now(UTC))
    script = Script(questions=(Question("vote", {"1": "oui", "2": "non"}),))
    subject = Subject(workspace, world, world.called(2, script=script_to_plain(script)))
    heard, cut_off = str(ULID()), str(ULID())
    said = "1772449203000|answer|1"
    subject.write(
        started(heard, subject.target(0)), f"reply|{heard}|{said}|2", ended(heard),
        started(cut_off, subject.target(1)), f"reply|{cut_off}|{said}|1",
    )  # fmt: skip
    for _ in range(2):
        subject.recover()
    with reading(world.engine) as connection:
        rows = connection.execute(select(reply.c.attempt_id, reply.c.kind, reply.c.value))
        assert {tuple(row) for row in rows} == {
            (heard, "answer", "2"), (cut_off, "answer", "1"),
        }  # fmt: skip


def test_the_second_call_of_a_person_comes_after_the_first(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "home")
    world = World(workspace.engine, datetime.now(UTC))
    subject = Subject(workspace, world, world.called(2))
    first, second = (str(ULID.from_timestamp(at)) for at in (1_772_449_200.0, 1_772_452_800.0))
    who = subject.target(0)
    subject.write(started(first, who), busy(first), name="00000001.journal")
    subject.write(started(second, who), ended(second), name="00000002.journal")
    assert subject.recover().calls == 2
    row = next(row for row in world.targets(subject.campaign.id) if row["id"] == who)
    assert (row["state"], row["attempts"]) == ("reached", 2)


@dataclass
class Nodes:
    """A home with two nodes, of which `a` may call again whom `b` has called."""

    subject: Subject

    def write(self, node: str, *lines: str) -> None:
        directory = self.directory(node)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "00000001.journal").write_text("".join(f"{line}\n" for line in lines))

    def directory(self, node: str) -> Path:
        return self.subject.workspace.settings.home / "nodes" / node / "pbx" / "journal"

    def recover(self) -> Recovered:
        found = recover(self.subject.workspace, self.directory("a"), self.directory("b"))
        self.subject.world.check()
        return found


def test_what_two_nodes_wrote_is_told_in_the_order_of_the_calls(tmp_path: Path) -> None:
    """One that was called again by the node whose journals are read first stays reached."""
    workspace = open_workspace(tmp_path / "home")
    world = World(workspace.engine, datetime.now(UTC))
    subject = Subject(workspace, world, world.called(2))
    nodes, who = Nodes(subject), subject.target(0)
    first, second = (str(ULID.from_timestamp(at)) for at in (1_772_449_200.0, 1_772_452_800.0))
    nodes.write("a", started(second, who), ended(second))
    nodes.write("b", started(first, who), busy(first))
    assert nodes.recover() == Recovered(calls=2)
    row = next(row for row in world.targets(subject.campaign.id) if row["id"] == who)
    assert (row["state"], row["attempts"]) == ("reached", 2)
    assert nodes.recover() == Recovered(), "once"


def test_a_refusal_that_another_node_heard_is_not_taken_for_a_call_never_begun(
    subject: Subject,
) -> None:
    """It was open at the backup, and a journal of another node tells of a later call."""
    with writing(subject.world.engine) as connection:
        (taken,) = claim(connection, Want(subject.campaign, 1, True, "b"), subject.world.now).taken
    heard, later = taken.attempt, str(ULID.from_timestamp(4_000_000_000.0))
    nodes = Nodes(subject)
    nodes.write("a", started(later, heard.target_id), busy(later))
    nodes.write(
        "b",
        started(heard.id, heard.target_id),
        f"optout|{heard.id}|1772449200000",
        ended(heard.id, "optout"),
    )
    assert nodes.recover().refusals == 1
    assert subject.world.attempts()[heard.id]["outcome"] == "opted_out"


def test_a_call_that_two_journals_name_is_one(subject: Subject) -> None:
    attempt, nodes = str(ULID()), Nodes(subject)
    for node in ("a", "b"):
        nodes.write(node, started(attempt, subject.target(0)), ended(attempt))
    assert nodes.recover() == Recovered(calls=1)


def test_a_call_to_somebody_of_a_later_list_is_counted_and_no_more(subject: Subject) -> None:
    attempt = str(ULID())
    subject.write(started(attempt, 99_999), f"optout|{attempt}|1772449200000")
    assert subject.recover() == Recovered(strangers=1, lost_refusals=1)
    assert subject.world.attempts() == {}


def test_lines_that_tell_nothing_are_counted(subject: Subject) -> None:
    """A line of an earlier version names no target, and a machine that is lost may tear one."""
    known, unknown = str(ULID()), str(ULID())
    subject.write(started(known, subject.target(0)), ended(known))
    subject.recover()
    subject.write(
        f"start|{known}",
        f"start|{unknown}",
        f"optout|{unknown}|1772449200000",
        "start|",
        "gibberish",
    )
    with (subject.journals / "00000002.journal").open("w") as stream:
        stream.write(f"start|{ULID()}|")
    assert subject.recover() == Recovered(untargeted=1, lost_refusals=1, unreadable=3)
    assert list(subject.world.attempts()) == [known]


def test_what_was_open_at_the_backup_and_has_no_line_is_in_doubt(subject: Subject) -> None:
    """The journals of the backup may be older than its beginning: silence tells nothing."""
    with writing(subject.world.engine) as connection:
        taken = claim(connection, Want(subject.campaign, 3, True, "n"), subject.world.now).taken
    silent, over, refused = (one.attempt for one in taken)
    subject.write(started(over.id, over.target_id), ended(over.id))
    subject.write(f"optout|{refused.id}|1772449200000")
    found = subject.recover()
    assert (found.calls, found.doubtful, found.refusals) == (0, 2, 1)
    rows = subject.world.attempts()
    assert [rows[one.id]["state"] for one in (silent, over, refused)] == [
        "in_doubt", "closed", "in_doubt",
    ]  # fmt: skip


def test_one_that_was_open_and_whose_person_was_called_later_was_never_begun(
    subject: Subject,
) -> None:
    with writing(subject.world.engine) as connection:
        (taken,) = claim(connection, Want(subject.campaign, 1, True, "n"), subject.world.now).taken
    given_back, later = taken.attempt, str(ULID.from_timestamp(4_000_000_000.0))
    subject.write(started(later, given_back.target_id), ended(later))
    assert subject.recover() == Recovered(calls=1)
    rows = subject.world.attempts()
    assert [rows[one]["state"] for one in (given_back.id, later)] == ["unsent", "closed"]
    assert subject.world.states(subject.campaign.id)["reached"] == 1


def answers(call: FakeCall) -> None:
    """Everybody hears it to the end; every fifth presses 9."""
    call.answer()
    if call.order.target_id % 5 == 0:
        call.press("9")
        call.end(heard_ms=700, cause=16, tech="SIP 200 OK")
    else:
        call.play_to_the_end()


def called(pbx: FakePbx) -> list[str]:
    return sorted(order.number for order in pbx.orders)


async def interrupted(subject: Subject, file: Path) -> FakePbx:
    """A third is called, then comes the backup, then another third, then the machine is lost."""
    home, pbx = subject.workspace.settings.home, FakePbx(script=answers)
    async with dialing(subject.workspace.engine, home / "pbx", pbx) as run:
        await until(lambda: len(pbx.orders) >= PEOPLE // 3)
        back_up(subject.workspace, file, "Ana")
        suppression_key.back_up(subject.workspace.engine, file.with_suffix(".key"), "Ana")
        await until(lambda: len(pbx.orders) >= 2 * PEOPLE // 3)
        assert not run.task.done()
    subject.workspace.engine.dispose()
    return pbx


def put_back(file: Path, home: Path) -> Restored:
    found = restore(file, home, "Ana")
    assert found.standstill.campaigns == 1
    key, own = file.with_suffix(".key"), found.workspace
    if key.exists():
        suppression_key.restore(own.settings, own.engine, key, "Ana")
    return found


async def test_after_a_restore_nobody_is_called_twice_and_nobody_forgotten(
    subject: Subject, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    before = await interrupted(subject, file)
    assert len(before.orders) < PEOPLE
    new = put_back(file, tmp_path / "new")
    add_journals(new.workspace, subject.journals)
    told = recover(new.workspace, tmp_path / "new" / "pbx" / "journal")
    assert told.calls > 0
    release(new.workspace, subject.campaign.controller_id, subject.campaign.id, "Ana")
    after = FakePbx(script=answers)
    async with dialing(new.workspace.engine, tmp_path / "new" / "pbx", after) as run:
        await run.over(subject.campaign.id)
        run.world.check()
        doubtful = run.world.locks().keys()
    everybody = called(before) + called(after)
    assert len(everybody) == len(set(everybody))
    assert called(after)
    assert set(everybody) | doubtful == {number(index) for index in range(PEOPLE)}
    with reading(new.workspace.engine) as connection:
        ids = [subject.target(index) for index in range(PEOPLE)]
        refused = {number(index) for index in range(PEOPLE) if ids[index] % 5 == 0} & {*everybody}
        asked = [number(index) for index in range(PEOPLE)]
        now, owner = datetime.now(UTC), subject.campaign.controller_id
        assert suppressions.in_force(connection, asked, owner, 0, now) == refused


async def test_nobody_is_called_before_a_person_has_released_the_campaign(
    subject: Subject, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    await interrupted(subject, file)
    new = put_back(file, tmp_path / "new")
    after = FakePbx(script=answers)
    async with dialing(new.workspace.engine, tmp_path / "new" / "pbx", after) as run:
        await run.looks(8)
        run.world.check()
    assert after.orders == []


def test_journals_put_aside_are_read_too(subject: Subject) -> None:
    attempt = str(ULID())
    subject.write(started(attempt, subject.target(0)), ended(attempt), name="00000001.journal")
    (subject.journals / SETTLED).mkdir()
    (subject.journals / "00000001.journal").rename(subject.journals / SETTLED / "00000001.journal")
    assert subject.recover().calls == 1


def test_a_draft_that_was_launched_after_the_backup_is_held_as_well(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "home")
    world = World(workspace.engine, datetime.now(UTC))
    draft = world.called(1, state=CampaignState.DRAFT, launched_at=None)
    back_up(workspace, tmp_path / "backup", "Ana")
    new = put_back(tmp_path / "backup", tmp_path / "new")
    with reading(new.workspace.engine) as connection:
        assert kept.by_id(connection, draft.id).hold == "restored"
