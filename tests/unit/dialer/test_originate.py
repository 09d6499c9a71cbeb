"""Each claimed call is sent once, at its instant, while its claim is fresh; or it is given back."""

import asyncio
import random
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest
from dialer_subjects import TRUNK, a_call, a_campaign
from fake_pbx import FakePbx

from campaigns.campaign import Campaign, Limits
from campaigns.errors import StoreUnavailable
from campaigns.script import KeyAct, Script, Transfer
from campaigns.trunk import NumberFormat, Trunk
from dialer import originate
from dialer.calls import Call
from dialer.originate import FRESH_S, Sender, Sounds
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from store.refusals import Asked


class Suppressed:
    """Stands for the look at suppressions."""

    def __init__(self) -> None:
        self.numbers: set[str] = set()
        self.broken = False
        self.looks = 0

    def among(self, asked: Collection[Asked], now: datetime) -> set[Asked]:
        self.looks += 1
        if self.broken:
            raise StoreUnavailable("gone")
        assert now.tzinfo is not None
        return {one for one in asked if one.number in self.numbers}


class Clock:
    """A monotonic clock and timers that move only when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Handle]] = []
        monkeypatch.setattr(originate, "time", SimpleNamespace(monotonic=lambda: self.now))
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "call_at", self.call_at)

    def call_at(self, when: float, act: object, *args: object) -> "Handle":
        handle = Handle(act)
        self.timers.append((when, handle))
        return handle

    def run(self, until: float, late: random.Random | None = None) -> None:
        while due := [one for one in self.timers if one[0] <= until and not one[1].cancelled]:
            when, handle = min(due, key=lambda one: one[0])
            self.timers = [one for one in self.timers if one[1] is not handle]
            self.now = max(self.now, when) + (late.random() * 0.02 if late else 0)
            handle.act()  # type: ignore[operator]
        self.now = max(self.now, until)


class Handle:
    def __init__(self, act: object) -> None:
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Subject:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, *campaigns: Campaign,
                 trunk: Trunk | None = None) -> None:  # fmt: skip
        self.clock = Clock(monkeypatch)
        self.pbx = FakePbx()
        self.pbx.originate = self._originate  # type: ignore[method-assign]
        self.suppressed = Suppressed()
        self.returned: list[Call] = []
        self.sent: list[tuple[float, str]] = []
        self.orders: list[originate.OriginateOrder] = []
        trunk = trunk or Trunk(TRUNK, "127.0.0.1", max_channels=500, max_cps=500)
        self.throttle = Throttle(Limits(1000, 1000))
        self.throttle.set_trunks({trunk.name: Limits(trunk.max_channels, trunk.max_cps)})
        self.throttle.set_campaigns(campaigns)
        sounds = Sounds("/s/bye", lambda: "/j/1.journal", lambda text: f"/m/{text}")
        self.sender = Sender(self.pbx, self.suppressed, Trunks([trunk]), self.throttle,  # type: ignore[arg-type]
                             sounds, self.returned.append)  # fmt: skip

    def _originate(self, order: originate.OriginateOrder) -> None:
        self.pbx._check()
        self.orders.append(order)
        self.sent.append((self.clock.now, order.attempt_id))

    def add(self, campaign: Campaign, count: int = 1) -> list[Call]:
        calls = [a_call(campaign=campaign, claimed=self.clock.now) for _ in range(count)]
        self.throttle.settle(campaign.trunk, campaign.id, 0, [call.attempt.id for call in calls])
        self.sender.add(calls)
        return calls

    def ids(self) -> list[str]:
        return [attempt_id for _, attempt_id in self.sent]


@pytest.fixture
async def fast(monkeypatch: pytest.MonkeyPatch) -> Subject:
    subject = Subject(monkeypatch, a_campaign(limits=Limits(100, 100)))
    await subject.pbx.open(lambda events: None)
    return subject


CAMPAIGN = a_campaign(limits=Limits(100, 100))


def everything(calls: Iterable[Call]) -> list[str]:
    return [call.attempt.id for call in calls]


async def test_one_is_sent_at_once_and_the_others_at_their_instants(fast: Subject) -> None:
    calls = fast.add(CAMPAIGN, 5)
    assert fast.ids() == everything(calls[:1])
    fast.clock.run(101.0)
    assert fast.ids() == everything(calls)
    times = [at for at, _ in fast.sent]
    assert times == sorted(times)
    assert all(later - sooner >= 0.0099 for sooner, later in pairwise(times))
    assert fast.returned == []
    assert calls[0].sent == times[0]
    assert calls[0].sent_at is not None


async def test_what_the_pbx_is_told(fast: Subject) -> None:
    (call,) = fast.add(CAMPAIGN)
    (order,) = fast.orders
    assert (order.attempt_id, order.endpoint) == (call.attempt.id, TRUNK)
    assert (order.number, order.caller_id) == (call.attempt.number, call.attempt.caller_id)
    assert (order.message, order.confirmation) == ("/m/messages/abcd", "/s/bye")
    assert (order.journal, order.ring_timeout_s) == ("/j/1.journal", 15)
    assert order.max_call_s == CAMPAIGN.max_call_s


async def test_numbers_go_out_as_the_trunk_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    trunk = Trunk(TRUNK, "127.0.0.1", max_cps=9, number_format=NumberFormat.NATIONAL_FR)
    subject = Subject(monkeypatch, CAMPAIGN, trunk=trunk)
    await subject.pbx.open(lambda events: None)
    subject.add(CAMPAIGN)
    assert subject.orders[0].number == "0639980001"
    assert subject.orders[0].caller_id == "0199001234"


async def test_a_claim_older_than_a_second_goes_back_unsent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = a_campaign(limits=Limits(10, 1))
    subject = Subject(monkeypatch, slow)
    await subject.pbx.open(lambda events: None)
    calls = subject.add(slow, 3)
    subject.clock.run(100.0 + FRESH_S - 0.001)
    assert (len(subject.sent), subject.returned) == (1, [])
    subject.clock.run(100.0 + FRESH_S)
    assert subject.returned == calls[1:]
    assert len(subject.sent) == 1
    assert all(call.sent_at is None for call in subject.returned)


async def test_one_look_serves_calls_that_are_sent_within_50_ms_of_it(fast: Subject) -> None:
    calls = fast.add(CAMPAIGN, 20)
    fast.clock.run(100.1)
    assert len(fast.sent) == 10
    assert 2 <= fast.suppressed.looks <= 3
    fast.suppressed.numbers.update(call.attempt.number for call in calls)
    fast.clock.run(101.0)
    assert len(fast.sent) <= 15, "somebody refused: after the next look nothing is sent"
    assert len(fast.sent) + len(fast.returned) == 20


async def test_a_refusal_since_the_claim_voids_the_call(fast: Subject) -> None:
    fast.suppressed.numbers.add("+33639980001")
    calls = fast.add(CAMPAIGN, 2)
    fast.clock.run(101.0)
    assert (fast.returned, fast.sent) == (calls, [])


async def test_nothing_is_sent_that_cannot_be_looked_up(fast: Subject) -> None:
    fast.suppressed.broken = True
    calls = fast.add(CAMPAIGN, 2)
    fast.clock.run(101.0)
    assert (fast.returned, fast.sent) == (calls, [])
    fast.suppressed.broken = False
    again = fast.add(CAMPAIGN, 1)
    fast.clock.run(102.0)
    assert fast.ids() == everything(again)


@pytest.mark.parametrize("by", ["", "switchboard"])
async def test_people_are_called_though_nobody_can_be_put_through(
    monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """By a trunk that nobody has armed, or that the settings have no more."""
    transfer = Transfer("+33199000077", trunk=by, limit=5)
    asking = Script(keys={"3": KeyAct.TRANSFER}, transfer=transfer)
    campaign = a_campaign(limits=Limits(100, 100), script=asking, rehearsal=False)
    subject = Subject(monkeypatch, campaign)
    await subject.pbx.open(lambda events: None)
    subject.add(campaign)
    assert subject.returned == []
    (order,) = subject.orders
    assert order.script is not None
    assert order.script.transfer is not None
    assert (order.script.transfer.most, order.script.transfer.endpoint) == (0, TRUNK)


async def test_nothing_is_sent_after_the_link_went_down(fast: Subject) -> None:
    calls = fast.add(CAMPAIGN, 3)
    fast.pbx.go_down()
    fast.clock.run(101.0)
    assert len(fast.sent) == 1
    assert fast.returned == calls[1:]


async def test_halted_means_not_one_more(fast: Subject) -> None:
    calls = fast.add(CAMPAIGN, 3)
    fast.sender.halted = True
    fast.clock.run(101.0)
    assert len(fast.sent) == 1
    assert fast.returned == calls[1:]


async def test_a_stopped_campaign_s_calls_go_back(fast: Subject) -> None:
    calls = fast.add(CAMPAIGN, 2)
    calls[1].hung_up_by_us = True
    fast.clock.run(101.0)
    assert (len(fast.sent), fast.returned) == (1, calls[1:])


async def test_a_trunk_that_is_gone(fast: Subject) -> None:
    other = a_campaign(trunk="gone", limits=Limits(10, 10))
    calls = fast.add(other, 1)
    assert (fast.returned, fast.sent) == (calls, [])


async def test_a_slow_campaign_does_not_hold_up_a_fast_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, quick = a_campaign(1, limits=Limits(9, 1)), a_campaign(2, limits=Limits(99, 100))
    subject = Subject(monkeypatch, slow, quick)
    await subject.pbx.open(lambda events: None)
    subject.add(slow, 2)
    calls = subject.add(quick, 20)
    subject.clock.run(100.5)
    assert set(everything(calls)) <= set(subject.ids())


@pytest.mark.parametrize("seed", range(4))
async def test_two_campaigns_share_a_trunk_and_neither_starves(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    both = [a_campaign(id_, limits=Limits(99, 100)) for id_ in (1, 2)]
    subject = Subject(monkeypatch, *both, trunk=Trunk(TRUNK, "127.0.0.1", max_cps=20))
    await subject.pbx.open(lambda events: None)
    calls = [subject.add(one, 8) for one in both]
    subject.clock.run(100.45, random.Random(seed))
    sent = set(subject.ids())
    shares = [len(sent & set(everything(own))) for own in calls]
    assert min(shares) >= 3, shares
    assert len(subject.ids()) == len(sent)


async def test_what_is_voided_goes_back_and_nothing_of_it_is_sent(fast: Subject) -> None:
    first, *others = fast.add(CAMPAIGN, 4)
    fast.sender.void()
    fast.clock.run(102.0)
    assert fast.ids() == [first.attempt.id]
    assert fast.returned == others


async def test_an_order_says_until_when_it_may_leave(fast: Subject) -> None:
    (call,) = fast.add(CAMPAIGN)
    assert [order.send_by for order in fast.orders] == [call.claimed + FRESH_S]
