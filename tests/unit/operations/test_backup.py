"""A backup: whole, of one moment, without the suppression key, put back in empty places only."""

import io
import json
import re
import resource
import tarfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from postgres import Postgres
from sqlalchemy import make_url
from store_subjects import World, number
from tellings import told

from audio.message import sha256_of
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import InvalidInput, NotAllowed, StoreUnavailable
from campaigns.stages import Cause, Hold, Measure
from campaigns.webhook import EventKind
from operations import suppression_key
from operations.audit_proof import prove
from operations.backup import INSTANCE, MANIFEST, back_up
from operations.erase import erase
from operations.hold import held, release
from operations.keys import make_key, owner_of, revoke_key
from operations.pbx_directories import journals
from operations.restore import Restored, add_journals, faults, restore
from operations.sessions import asker, open_for_key
from operations.settings import FILE_NAME
from operations.telling import Teller
from operations.webhooks import make_webhook, resume
from operations.workspace import Workspace, open_workspace
from store import audit, leases, outbox, schema, suppressions
from store import campaigns as kept
from store.engine import reading, writing
from store.outbox import Event
from store.snapshot import standing

BY = "Ana"
EXAMPLE = Path(__file__).parents[3] / "examples" / "message-court.flac"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """With a list, a campaign, a recording, a line, a journal and settings."""
    home.mkdir()
    (home / FILE_NAME).write_text(f'controller = "Comité"\nsuppression_key = "{"ab" * 32}"\n')
    opened = open_workspace(home)
    World(opened.engine, datetime.now(UTC)).called(5)
    opened.library.add(EXAMPLE, EXAMPLE.name)
    for name in ("pbx/journal/00000001.journal", "pbx/lines/0199001234/message.alaw"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text("start|01ARZ3NDEKTSV4RRFFQ69G5FAV|999\n")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def file(workspace: Workspace, tmp_path: Path) -> Path:
    made = tmp_path / "backup"
    back_up(workspace, made, BY)
    return made


def put_back(file: Path, home: Path) -> Restored:
    found = restore(file, home, BY)
    assert list(faults(found)) == []
    return found


def test_everything_is_back_and_the_audit_stands(
    workspace: Workspace, file: Path, tmp_path: Path
) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    found = put_back(file, tmp_path / "new")
    with reading(workspace.engine) as one, reading(found.workspace.engine) as other:
        before, after = standing(one).rows, standing(other).rows
    for table in ("contact", "target", "campaign", "tally", "controller"):
        assert after[table] == before[table] > 0
    wrong: list[object] = []
    prove(found.workspace.engine, wrong.append)
    assert wrong == []
    originals = list((tmp_path / "new" / "audio" / "originals").rglob("*"))
    assert sha256_of(EXAMPLE) in {one.name for one in originals}
    assert (tmp_path / "new" / "pbx/lines/0199001234/message.alaw").is_file()
    assert (tmp_path / "new" / "pbx/journal/00000001.journal").is_file()
    assert found.workspace.settings.controller == "Comité"


def test_the_suppression_key_is_nowhere_in_it(home: Path, tmp_path: Path) -> None:
    workspace = open_workspace(home)
    key = (home / suppression_key.FILE_NAME).read_bytes().strip()
    back_up(workspace, tmp_path / "backup", BY)
    assert key not in (tmp_path / "backup").read_bytes()


def test_nor_is_one_that_the_settings_hold(file: Path) -> None:
    assert b"ab" * 32 not in file.read_bytes()


def test_who_was_erased_is_known_again_once_the_key_is_back(home: Path, tmp_path: Path) -> None:
    workspace = open_workspace(home)
    owner = World(workspace.engine, datetime.now(UTC)).called(2).controller_id
    now = datetime.now(UTC)
    refusal = Suppression(
        number(0), SuppressionScope.CONTROLLER, owner, SuppressionReason.MANUAL, "test", now
    )
    with writing(workspace.engine) as connection:
        suppressions.add(connection, [refusal])
    erase(workspace, owner, number(0), BY)
    back_up(workspace, tmp_path / "backup", BY)
    suppression_key.back_up(workspace.engine, tmp_path / "key", BY)
    new = put_back(tmp_path / "backup", tmp_path / "new").workspace
    assert suppression_key.state(new.settings, new.engine) is suppression_key.KeyState.MISSING
    suppression_key.restore(new.settings, new.engine, tmp_path / "key", BY)
    with reading(new.engine) as connection:
        assert suppressions.in_force(connection, [number(0)], owner, 0, now) == {number(0)}


def test_it_is_of_one_moment_while_others_write(workspace: Workspace, tmp_path: Path) -> None:
    """Every number has two controllers' refusals, written together: the backup never has one."""
    stop, begun = threading.Event(), threading.Event()

    def refuse() -> None:
        index = 0
        while not stop.is_set():
            both = [
                Suppression(
                    number(index), SuppressionScope.CONTROLLER, owner,
                    SuppressionReason.MANUAL, "test", datetime.now(UTC),
                )
                for owner in (1, 2)
            ]  # fmt: skip
            with writing(workspace.engine) as connection:
                suppressions.add(connection, both[:1])
                suppressions.add(connection, both[1:])
            begun.set()
            index += 1

    writer = threading.Thread(target=refuse)
    writer.start()
    try:
        assert begun.wait(10)
        manifest = back_up(workspace, tmp_path / "backup", BY)
    finally:
        stop.set()
        writer.join()
    assert manifest.standing.rows["suppression"] > 0
    assert manifest.standing.rows["suppression"] % 2 == 0
    put_back(tmp_path / "backup", tmp_path / "new")


def test_nothing_is_written_over(workspace: Workspace, file: Path, home: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        back_up(workspace, file, BY)
    assert file.read_bytes() == before
    with pytest.raises(NotAllowed, match="is not empty"):
        restore(file, home, BY)


def test_a_backup_that_fails_leaves_nothing_behind(workspace: Workspace, tmp_path: Path) -> None:
    """Files may grow to 20,000 bytes only, which says of SQLite's copy what a full disk does."""
    place = tmp_path / "place"
    place.mkdir()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1]))
    try:
        with pytest.raises(StoreUnavailable):
            back_up(workspace, place / "backup", BY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(place.iterdir()) == []


def test_settings_that_are_there_count(file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / FILE_NAME).write_text('controller = "Autre"\n')
    found = put_back(file, new)
    assert (found.settings_kept, found.workspace.settings.controller) == (True, "Autre")


@pytest.mark.parametrize("damage", ["cut", "changed", "no tar", "empty"])
def test_what_is_no_whole_backup_is_refused_and_leaves_nothing(
    file: Path, tmp_path: Path, damage: str
) -> None:
    data = bytearray(file.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "changed":
        data[1024] ^= 1
    else:
        data = bytearray(b"" if damage == "empty" else b"hello" * 1000)
    other = tmp_path / "other"
    other.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"no whole backup|is not what its manifest says"):
        restore(other, tmp_path / "new", BY)
    assert list((tmp_path / "new").iterdir()) == []


def rewritten(file: Path, to: Path, **changes: object) -> Path:
    """The same backup with another manifest."""
    with tarfile.open(file) as old, tarfile.open(to, "w") as new:
        for entry in old:
            stream = old.extractfile(entry)
            assert stream is not None
            data = stream.read()
            if entry.name == MANIFEST:
                data = json.dumps({**json.loads(data), **changes}).encode()
                entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
    return to


def test_one_of_a_newer_version_is_refused(file: Path, tmp_path: Path) -> None:
    later = rewritten(file, tmp_path / "later", revision="9999", version="9.9")
    with pytest.raises(NotAllowed, match=r"newer Porte-voix \(9\.9"):
        restore(later, tmp_path / "new", BY)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("{there}", tarfile.REGTYPE),
        ("../../beside", tarfile.REGTYPE),
        ("audio/../../../beside", tarfile.REGTYPE),
        ("audio/link", tarfile.SYMTYPE),
    ],
)
def test_nothing_is_written_outside_the_home(tmp_path: Path, name: str, kind: bytes) -> None:
    beside = tmp_path / "beside"
    name = name.format(there=beside)
    evil = tmp_path / "evil"
    with tarfile.open(evil, "w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, str(beside)
        entry.size = 1 if kind == tarfile.REGTYPE else 0
        archive.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(InvalidInput, match=re.escape(name.lstrip("/"))):
        restore(evil, tmp_path / "new", BY)
    assert not beside.exists()


def test_the_old_machines_dialer_is_not_ended_by_the_new_one(
    workspace: Workspace, tmp_path: Path
) -> None:
    """It may go on dialling from the database that was backed up: a restore may be a drill."""
    with writing(workspace.engine) as connection:
        leases.acquire(connection, datetime.now(UTC))
    back_up(workspace, tmp_path / "backup", BY)
    new = put_back(tmp_path / "backup", tmp_path / "new").workspace
    with reading(new.engine) as connection:
        assert leases.holder(connection, datetime.now(UTC)) is None
    with writing(new.engine) as connection:
        assert leases.acquire(connection, datetime.now(UTC)).process == leases.own_process()


def test_who_releases_answers_for_what_it_was_held_for_before_too(
    workspace: Workspace, tmp_path: Path
) -> None:
    with writing(workspace.engine) as connection:
        kept.hold(connection, 1, Hold(Measure.UNWANTED, 0.1, 0.02, 100), datetime.now(UTC))
    manifest = back_up(workspace, tmp_path / "backup", BY)
    new = put_back(tmp_path / "backup", tmp_path / "new").workspace

    def now_held() -> object:
        with reading(new.engine) as connection:
            found = held(kept.row(connection, 1, 1))
        return found and (found.measure, found.at)

    assert now_held() == (Cause.RESTORED, manifest.record_until)
    release(new, 1, 1, BY)
    found = now_held()
    assert isinstance(found, tuple)
    assert found[0] is Measure.UNWANTED
    release(new, 1, 1, BY)
    assert now_held() is None


def test_webhooks_rest_after_a_restore_and_no_id_is_ever_given_twice(
    workspace: Workspace, tmp_path: Path
) -> None:
    hook = make_webhook(workspace, 1, "https://crm.example/hook", [EventKind.LIST_IMPORTED], BY)
    got: list[tuple[str, str]] = []

    def happens(where: Workspace, what: str) -> None:
        event = Event(EventKind.LIST_IMPORTED, 1, what, what, datetime.now(UTC), {})
        with writing(where.engine) as connection:
            outbox.note(connection, [event])

    def receive(_url: str, body: bytes, _headers: object) -> int:
        got.append((json.loads(body)["subject"], json.loads(body)["id"]))
        return 204

    def tell(where: Workspace) -> None:
        teller = Teller(where.engine, receive)
        while told(teller, datetime.now(UTC)):
            pass
        teller.close()

    happens(workspace, "waits at the backup")
    back_up(workspace, tmp_path / "backup", BY)
    happens(workspace, "after the backup")
    tell(workspace)
    found = put_back(tmp_path / "backup", tmp_path / "new")
    happens(found.workspace, "after the restore")
    before = dict(got)
    tell(found.workspace)
    assert (found.standstill.webhooks, dict(got)) == (1, before), "at rest"
    resume(found.workspace, 1, hook.row["id"], BY)
    tell(found.workspace)
    assert [subject for subject, _ in got[2:]] == ["waits at the backup", "after the restore"]
    assert got[2] in before.items(), "what was told before has the id by which it is known"
    assert got[3][1] not in before.values()
    with reading(found.workspace.engine) as connection:
        acts = [one["act"] for one in audit.latest(connection, 1, 10)]
    assert acts[:2] == ["webhook.resume", "webhook.pause"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_key_revoked_after_the_backup_opens_nothing_unless_keys_are_kept(
    workspace: Workspace, tmp_path: Path, keep: bool
) -> None:
    key, ended = (
        make_key(workspace, "Comité", name, BY, expires_at=at)
        for name, at in (("crm", None), ("old", datetime.now(UTC) + timedelta(seconds=1)))
    )
    back_up(workspace, tmp_path / "backup", BY)
    (owner,) = {found.controller_id for found in [owner_of(workspace, key)] if found}
    revoke_key(workspace, owner, "crm", BY)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        found = restore(tmp_path / "backup", tmp_path / "new", BY, keep_keys=keep)
        new = found.workspace
        assert (owner_of(new, key) is not None) is keep
        assert owner_of(new, ended) is None
    assert found.standstill.keys == (None if keep else 1)
    with reading(new.engine) as connection:
        revoked = [one for one in audit.latest(connection, owner, 10) if one["act"] == "key.revoke"]
    assert [one["detail"] for one in revoked] == ([] if keep else [{"cause": "restored"}])


def test_a_restore_ends_sessions(workspace: Workspace, tmp_path: Path) -> None:
    key = make_key(workspace, "Comité", "crm", BY)
    token = open_for_key(workspace, key)
    assert token
    assert asker(workspace, token)
    back_up(workspace, tmp_path / "backup", BY)
    new = restore(tmp_path / "backup", tmp_path / "new", BY, keep_keys=True).workspace
    assert asker(new, token) is None
    assert asker(workspace, token), "of the copy alone"


def test_journals_that_grew_are_brought_in_and_others_refused(file: Path, tmp_path: Path) -> None:
    new = put_back(file, tmp_path / "new").workspace
    saved = tmp_path / "saved"
    saved.mkdir()
    journal = new.settings.home / "pbx/journal/00000001.journal"
    grown = journal.read_bytes() + b"start|01ARZ3NDEKTSV4RRFFQ69G5FAW|1\n"
    (saved / journal.name).write_bytes(grown)
    (saved / "00000002.journal").write_bytes(b"")
    assert add_journals(new, saved) == 2
    assert journal.read_bytes() == grown
    assert add_journals(new, saved) == 0
    (saved / journal.name).write_bytes(b"something else\n")
    with pytest.raises(NotAllowed, match="one name"):
        add_journals(new, saved)


def test_each_node_has_its_journals_and_its_ports_back(
    workspace: Workspace, home: Path, tmp_path: Path
) -> None:
    """Files of two nodes have one name."""
    own = {"a": b"start|01ARZ3NDEKTSV4RRFFQ69G5FAA|1\n", "b-2": b""}
    for node, data in own.items():
        pbx = home / "nodes" / node / "pbx"
        (pbx / "journal" / "settled").mkdir(parents=True)
        (pbx / "journal" / "settled" / "00000001.journal").write_bytes(data)
        (pbx / INSTANCE).write_text(node)
    back_up(workspace, tmp_path / "backup", BY)
    new = tmp_path / "new"
    put_back(tmp_path / "backup", new)
    for node, data in own.items():
        pbx = new / "nodes" / node / "pbx"
        assert (pbx / "journal" / "settled" / "00000001.journal").read_bytes() == data
        assert (pbx / INSTANCE).read_text() == node
    assert list((new / "pbx/journal").iterdir()) == [new / "pbx/journal/00000001.journal"]


def test_journals_of_a_node_that_began_after_the_backup_are_brought_in(
    file: Path, tmp_path: Path
) -> None:
    new = put_back(file, tmp_path / "new").workspace
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "00000001.journal").write_bytes(b"start|01ARZ3NDEKTSV4RRFFQ69G5FAB|1\n")
    assert add_journals(new, saved, "a") == 1
    found = journals(new.settings)
    assert (found["nodes/a/journal"] / "00000001.journal").is_file()
    assert found.keys() == {"journal", "nodes/a/journal"}


def test_empty_directories_are_no_home_of_somebody(file: Path, tmp_path: Path) -> None:
    """A service manager may make them before anything runs (systemd.exec(5), StateDirectory)."""
    for name in ("audio", "pbx/journal", "restoring"):
        (tmp_path / "new" / name).mkdir(parents=True)
    put_back(file, tmp_path / "new")
    assert not (tmp_path / "new" / "restoring").exists()


@pytest.mark.parametrize("name", ["audio/one", "pbx/journal/00000001.journal"])
def test_one_file_below_them_is(file: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "new" / name).parent.mkdir(parents=True)
    (tmp_path / "new" / name).touch()
    with pytest.raises(NotAllowed, match="is not empty"):
        restore(file, tmp_path / "new", BY)


def test_a_link_to_what_may_be_somebodys_is_not_followed(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "audio").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotAllowed, match="is not empty"):
        restore(file, tmp_path / "new", BY)


def test_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.database() as one, postgres.database() as other:
        for name, engine in (("old", one), ("new", other)):
            (tmp_path / name).mkdir()
            url = engine.url.render_as_string(hide_password=False)
            (tmp_path / name / FILE_NAME).write_text(f'database_url = "{url}"\n')
        old = open_workspace(tmp_path / "old")
        World(old.engine, datetime.now(UTC)).called(5)
        back_up(old, tmp_path / "backup", BY)
        with pytest.raises(NotAllowed, match="has tables already"):
            restore(tmp_path / "backup", tmp_path / "new", BY)
        with writing(other) as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        found = put_back(tmp_path / "backup", tmp_path / "new")
        assert found.standstill.campaigns == 1
        assert schema.revision(found.workspace.engine) == schema.newest()
        assert make_url(found.workspace.settings.url).database == other.url.database
        wrong: list[object] = []
        prove(found.workspace.engine, wrong.append)
        assert wrong == []
        for opened in (old, found.workspace):
            opened.engine.dispose()
