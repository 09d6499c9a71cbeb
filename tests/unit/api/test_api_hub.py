"""Live progress: one look for all listeners, and nobody kept waiting at the end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from api import progress as live
from api.progress import Hub, Snapshot
from campaigns.errors import StoreUnavailable
from campaigns.states import CampaignState
from operations.progress import Progress

BEGUN = Progress(
    campaign_id=1, name="a", state=CampaignState.RUNNING, rehearsal=True, targets=10, done=0,
    attempts=0, states={"pending": 10}, outcomes={}, gates={}, answer_seizure_ratio=None,
    channels=0, calls_per_second=0.0, max_channels=5, max_cps=1.0, launched_at=None, ended_at=None,
    finish_at=None, dialing=True,
)  # fmt: skip


class Campaign:
    """Counts its readers; its progress is what the test last set."""

    def __init__(self) -> None:
        self.progress = BEGUN
        self.reads = 0
        self.fails = False
        self.fault: Exception = StoreUnavailable("busy")

    async def read_again(self, times: int) -> None:
        """Wait until it was read so many times more."""
        until = self.reads + times
        async with asyncio.timeout(5):
            while self.reads < until:  # noqa: ASYNC110 - it is read in a thread
                await asyncio.sleep(0.01)

    def read(self, controller_id: int, campaign_id: int) -> Progress:
        assert (controller_id, campaign_id) == (1, 1)
        self.reads += 1
        if self.fails:
            raise self.fault
        return self.progress


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "INTERVAL_S", 0.02)


async def next_of(snapshots: AsyncIterator[Snapshot | None]) -> Snapshot:
    found = await asyncio.wait_for(anext(snapshots), 5)
    assert found is not None
    return found


async def test_many_listeners_cost_one_look_a_turn() -> None:
    campaign = Campaign()
    hub = Hub(campaign.read)
    before = campaign.reads
    with hub.listening(1, 1) as first:
        await next_of(first)
        spent = campaign.reads
        entered = [hub.listening(1, 1) for _ in range(50)]
        listeners = [one.__enter__() for one in entered]
        seen = await asyncio.gather(*(next_of(one) for one in listeners))
        assert {id(one) for one in seen} == {id(seen[0])}
        assert campaign.reads - spent < 10
        for one in entered:
            one.__exit__(None, None, None)
    assert before == 0


async def test_a_listener_hears_of_changes_only() -> None:
    campaign = Campaign()
    hub = Hub(campaign.read)
    with hub.listening(1, 1) as snapshots:
        assert (await next_of(snapshots)).progress.done == 0
        waiting = asyncio.ensure_future(anext(snapshots))
        await campaign.read_again(3)
        assert not waiting.done()
        campaign.progress = replace(BEGUN, done=4)
        found = await asyncio.wait_for(waiting, 5)
        assert found is not None
        assert found.progress.done == 4


async def test_who_comes_later_sees_nothing_older_than_their_coming() -> None:
    campaign = Campaign()
    hub = Hub(campaign.read)
    with hub.listening(1, 1) as first:
        await next_of(first)
        campaign.progress = replace(BEGUN, done=1)
        with hub.listening(1, 1) as second:
            assert (await next_of(second)).progress.done == 1


async def test_the_stream_ends_with_its_campaign() -> None:
    campaign = Campaign()
    campaign.progress = replace(BEGUN, state=CampaignState.FINISHED)
    hub = Hub(campaign.read)
    with hub.listening(1, 1) as snapshots:
        assert (await next_of(snapshots)).final
        with pytest.raises(StopAsyncIteration):
            await next_of(snapshots)


async def test_closing_lets_every_listener_go() -> None:
    hub = Hub(Campaign().read)
    with hub.listening(1, 1) as snapshots:
        await next_of(snapshots)
        waiting = asyncio.ensure_future(anext(snapshots))
        await asyncio.sleep(0)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 5)


async def test_nobody_listening_means_nobody_reading() -> None:
    campaign = Campaign()
    hub = Hub(campaign.read)
    with hub.listening(1, 1) as snapshots:
        await next_of(snapshots)
        watching = hub._topics[1, 1].task
        assert watching is not None
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(watching, 5)
    assert hub._topics == {}


@pytest.mark.parametrize("fault", [StoreUnavailable("locked"), RuntimeError("a fault of ours")])
async def test_a_busy_database_interrupts_no_stream(fault: Exception) -> None:
    campaign = Campaign()
    campaign.fails, campaign.fault = True, fault
    hub = Hub(campaign.read)
    with hub.listening(1, 1) as snapshots:
        waiting = asyncio.ensure_future(anext(snapshots))
        await campaign.read_again(2)
        campaign.fails = False
        found = await asyncio.wait_for(waiting, 5)
        assert found is not None
        assert found.progress == BEGUN


async def test_a_stream_ends_where_its_campaign_cannot_be_read_and_who_comes_again_sees_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LOST_S", 0.1)
    campaign = Campaign()
    campaign.fails = True
    hub = Hub(campaign.read)
    with hub.listening(1, 1) as snapshots:
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(snapshots), 5)
        campaign.fails = False
        with hub.listening(1, 1) as again:
            assert (await next_of(again)).progress == BEGUN
    assert hub._topics == {}


async def test_a_stream_ends_in_time_to_look_at_the_key_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LONGEST_S", 0.1)
    hub = Hub(Campaign().read)
    with hub.listening(1, 1) as snapshots:
        seen = [one async for one in snapshots]
    assert len(seen) == 1


async def test_hundreds_of_listeners_are_told_a_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "INTERVAL_S", 0.2)
    hub, told = Hub(Campaign().read), 0

    async def listen() -> None:
        nonlocal told
        with hub.listening(1, 1) as snapshots:
            await next_of(snapshots)
            told += 1

    listeners = [asyncio.ensure_future(listen()) for _ in range(100)]
    steps, before = [], 0
    while before < len(listeners):
        await asyncio.sleep(0)  # what a request in between would wait for
        steps.append(told - before)
        before = told
    await asyncio.gather(*listeners)
    assert max(steps) <= live.AT_ONCE


async def test_who_hears_nothing_new_for_long_is_told_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "QUIET_S", 0.03)
    hub = Hub(Campaign().read)
    with hub.listening(1, 1) as snapshots:
        await next_of(snapshots)
        assert await asyncio.wait_for(anext(snapshots), 5) is None


def test_a_snapshot_is_rendered_once_a_form() -> None:
    snapshot, drawn = Snapshot(BEGUN), []

    def draw(progress: Progress) -> str:
        drawn.append(progress)
        return "drawn"

    assert [snapshot.rendered("fr", draw), snapshot.rendered("fr", draw)] == ["drawn", "drawn"]
    assert len(drawn) == 1
    assert '"targets":10' in snapshot.json
