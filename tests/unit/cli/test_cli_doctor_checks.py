"""Each look says what is wrong and how to mend it."""

import ctypes
from collections import namedtuple
from pathlib import Path

import pytest
from cli_subjects import Command
from sqlalchemy import text

from cli.doctor import faces, host, keeping, pbx
from cli.doctor.check import Check, Level
from operations.settings import Settings
from operations.workspace import Workspace
from store.engine import writing

Usage = namedtuple("Usage", "total used free")


def named(checks: list[Check], name: str) -> Check:
    return next(one for one in checks if one.name == name)


def kept(settings: Settings, name: str) -> Check:
    return named(list(keeping.look(settings)), name)


def test_a_full_disk_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10, 10, 500_000_000))
    found = named(list(host.look(tmp_path / "not" / "yet")), "disk")
    assert found.level is Level.FAULT
    assert "0.5 GB free" in found.detail
    assert found.remedy


@pytest.mark.parametrize(
    ("state", "level"), [(0, Level.OK), (5, Level.WARNING), (-1, Level.SKIPPED)]
)
def test_the_clock_is_what_the_kernel_says(
    monkeypatch: pytest.MonkeyPatch, state: int, level: Level
) -> None:
    class Libc:
        def adjtimex(self, _: object) -> int:
            return state

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Libc())
    assert named(list(host.look(Path("/"))), "clock").level is level


def test_a_new_home_is_in_order_and_nothing_is_made(home: Path) -> None:
    settings = Settings(home=home)
    assert [one.level for one in keeping.look(settings)] == [Level.OK, Level.OK]
    assert not home.exists()


def test_a_home_too_deep_for_the_socket_of_the_pbx_is_a_fault() -> None:
    deep = Path("/tmp") / ("deep" * 25)
    assert kept(Settings(home=deep), "length of home").level is Level.FAULT


def test_the_socket_of_another_node_lies_deeper() -> None:
    settings = Settings(home=Path("/tmp") / ("d" * 70))
    for node, fits in (("main", True), ("a-node-of-a-long-name", False)):
        names = {one.name for one in keeping.look(settings, node)}
        assert ("length of home" not in names) is fits


def test_a_node_that_cannot_be_one_is_not_looked_at(portevoix: Command) -> None:
    done = portevoix("doctor", "--node", "../x")
    assert done.exit_code != 0
    assert "small letters" in done.stderr


def test_a_database_of_today_is_in_order(workspace: Workspace) -> None:
    found = kept(workspace.settings, "database")
    assert found.level is Level.OK


@pytest.mark.parametrize(("revision", "level"), [("0000", Level.WARNING), ("9999", Level.FAULT)])
def test_an_older_database_will_be_brought_up_and_a_newer_one_is_a_fault(
    workspace: Workspace, revision: str, level: Level
) -> None:
    with writing(workspace.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    found = kept(workspace.settings, "database")
    assert found.level is level
    assert found.remedy


def test_a_database_that_is_locked_or_none_is_a_fault(home: Path) -> None:
    home.mkdir()
    (home / "portevoix.db").write_bytes(b"no database" * 1000)
    assert kept(Settings(home=home), "database").level is Level.FAULT


def test_settings_that_others_may_read_are_worth_a_look(home: Path) -> None:
    home.mkdir()
    (home / "portevoix.toml").write_text("")
    (home / "portevoix.toml").chmod(0o644)
    found = kept(Settings(home=home), "access to portevoix.toml")
    assert found.level is Level.WARNING
    assert "chmod 600" in found.remedy


def test_the_simulated_network_starts(home: Path) -> None:
    assert named(list(faces.look(Settings(home=home))), "rehearsal").level is Level.OK


def test_a_population_that_is_none_is_told(home: Path) -> None:
    settings = Settings(home=home)
    settings.rehearsal.profile = "atlantis"
    found = named(list(faces.look(settings)), "rehearsal")
    assert found.level is Level.FAULT
    assert "atlantis" in found.detail


def test_a_page_without_scripts_is_worth_a_look(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "_VENDOR", tmp_path)
    assert named(list(faces.look(Settings(home=home))), "page").level is Level.WARNING


@pytest.mark.parametrize(
    ("actions", "level"),
    [
        (pbx.NEEDED, Level.OK),
        (pbx.NEEDED | {"Command"}, Level.WARNING),
        (pbx.NEEDED - {"Originate"}, Level.FAULT),
    ],
)
def test_an_account_has_what_it_needs_and_no_more(actions: set[str], level: Level) -> None:
    found = pbx._rights(set(actions))
    assert found.level is level
    assert bool(found.remedy) is (level is not Level.OK)
