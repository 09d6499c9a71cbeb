"""Between the link's thread and the event loop: in order, bounded, one wake-up for many."""

import asyncio
from collections.abc import Sequence

import pytest

from campaigns.errors import PbxError
from dialer.ami import mailbox as module
from dialer.ami.mailbox import Mailbox
from dialer.events import Event, LinkDown, LinkUp, OptedOut


class Heard(list[list[Event]]):
    def __call__(self, events: Sequence[Event]) -> None:
        self.append(list(events))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def box(heard: Heard) -> Mailbox:
    return Mailbox(asyncio.get_running_loop(), heard, patience_s=0.1)


def refusals(*numbers: int) -> list[Event]:
    return [OptedOut(str(number)) for number in numbers]


async def test_what_is_held_comes_after_what_announces_it(box: Mailbox, heard: Heard) -> None:
    box.put(refusals(1, 2))
    await asyncio.sleep(0)
    assert heard == []
    box.release(LinkUp())
    await asyncio.sleep(0)
    assert heard == [[LinkUp(), *refusals(1, 2)]]


async def test_many_puts_are_one_batch(box: Mailbox, heard: Heard) -> None:
    box.release()
    for number in range(5):
        box.put(refusals(number))
    await asyncio.sleep(0)
    assert heard == [refusals(0, 1, 2, 3, 4)]


async def test_a_loop_that_does_not_take_its_events_ends_the_link(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    box.put(refusals(1, 2, 3))
    with pytest.raises(PbxError, match="unread"):
        box.put(refusals(4))


async def test_a_slow_loop_makes_the_link_wait_and_loses_nothing(
    box: Mailbox, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    box.release()

    def feed() -> None:
        for number in range(100):
            box.put(refusals(number))

    await asyncio.to_thread(feed)
    await asyncio.sleep(0)
    assert [event for batch in heard for event in batch] == refusals(*range(100))
    assert max(len(batch) for batch in heard) <= 3


async def test_nothing_is_heard_after_the_end(box: Mailbox, heard: Heard) -> None:
    box.release()
    box.put(refusals(1))
    box.end(LinkDown("gone"))
    box.put(refusals(2))
    await asyncio.sleep(0.01)
    assert heard == [[*refusals(1), LinkDown("gone")]]
