"""What callers asked for is carried out once, in order, however the file grows."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from campaigns.callback import Said
from campaigns.errors import StoreUnavailable
from dialer.callback_log import CallbackLog
from dialer.journal import SETTLED

TODAY = datetime.now(UTC).strftime("%Y%m%d")


def a_line(call: int) -> str:
    return f"optout|{call}|1764144001234|0199001234|0639980001|0\n"


class Desk:
    """Notes what it is asked to carry out; it may be closed."""

    def __init__(self, directory: Path) -> None:
        self.done: list[str] = []
        self.closed = False
        self.fault: Exception = StoreUnavailable("The database is locked.")
        self.called = Event()
        self.turned_away = Event()
        self.log = CallbackLog(directory, self._carry_out)

    def _carry_out(self, said: Said) -> bool:
        if self.closed:
            self.turned_away.set()
            raise self.fault
        self.done.append(said.call_id)
        self.called.set()
        return True


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def write(directory: Path, text: str, day: str = TODAY) -> None:
    with (directory / f"{day}.callbacks").open("a") as file:
        file.write(text)


def test_each_line_is_carried_out_once_and_in_order(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path, a_line(1) + a_line(2))
    desk.log.catch_up()
    write(tmp_path, a_line(3))
    desk.log.catch_up()
    desk.log.catch_up()
    assert desk.done == ["1", "2", "3"]


def test_a_line_without_its_end_waits_for_it(desk: Desk, tmp_path: Path) -> None:
    whole = a_line(1)
    write(tmp_path, whole[:20])
    desk.log.catch_up()
    assert desk.done == []
    write(tmp_path, whole[20:])
    desk.log.catch_up()
    assert desk.done == ["1"]


def test_what_means_nothing_keeps_nothing_else_from_being_done(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path, f"\x00\x00\n{a_line(1)}")
    desk.log.catch_up()
    assert desk.done == ["1"]


def test_what_cannot_be_kept_now_comes_again(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path, a_line(1) + a_line(2))
    desk.closed = True
    with pytest.raises(StoreUnavailable):
        desk.log.catch_up()
    desk.closed = False
    desk.log.catch_up()
    assert desk.done == ["1", "2"]


def test_a_file_goes_once_its_calls_must_be_over(desk: Desk, tmp_path: Path) -> None:
    before = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y%m%d")
    write(tmp_path, a_line(1), before)
    write(tmp_path, a_line(2))
    desk.closed = True
    with pytest.raises(StoreUnavailable):
        desk.log.catch_up()
    assert len(list(tmp_path.iterdir())) == 2, "nothing of it was carried out"
    desk.closed = False
    desk.log.catch_up()
    assert desk.done == ["1", "2"]
    assert [file.stem for file in tmp_path.glob("*.callbacks")] == [TODAY]
    assert [file.stem for file in (tmp_path / SETTLED).iterdir()] == [before]


def test_it_catches_up_by_itself(desk: Desk, tmp_path: Path) -> None:
    async def watched() -> None:
        task = asyncio.create_task(desk.log.watch())
        write(tmp_path, a_line(1))
        assert await asyncio.to_thread(desk.called.wait, 10)
        task.cancel()

    asyncio.run(watched())
    assert desk.done == ["1"]


@pytest.mark.parametrize("fault", [StoreUnavailable("locked"), RuntimeError("a fault of ours")])
def test_no_fault_ends_its_watching(desk: Desk, tmp_path: Path, fault: Exception) -> None:
    desk.fault = fault

    async def watched() -> None:
        desk.closed = True
        write(tmp_path, a_line(1))
        task = asyncio.create_task(desk.log.watch())
        assert await asyncio.to_thread(desk.turned_away.wait, 10)
        desk.closed = False
        assert await asyncio.to_thread(desk.called.wait, 10)
        task.cancel()

    asyncio.run(watched())
    assert desk.done == ["1"]
