"""Trunks at this moment: armed or not, rehearsal or not, and by which limits."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from dialer_subjects import TRUNK, a_campaign
from fake_pbx import LOOPBACK, FakePbx
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Campaign, Limits
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.script import KeyAct, Script, Transfer
from campaigns.trunk import Trunk
from campaigns.trunk_health import FIRST_PAUSE_S, GOOD_PROBES, LONGEST_PAUSE_S, RUN
from dialer.trunks import ASK_AGAIN_S, CATCH_UP_CALLS, EARLIER_S, WRITTEN_WITHIN_S, Trunks
from store.trunks import TrunkRecord

ELSEWHERE = "sip:192.0.2.1:5060"
SHOWN = "+33162000000"
REAL = a_campaign(rehearsal=False, caller_id=SHOWN)


async def looked(*contacts: str, up: bool = True, **record: object) -> Trunks:
    trunks = Trunks([Trunk(TRUNK, "192.0.2.1", caller_ids=(SHOWN,), max_channels=40, max_cps=20)])
    pbx = FakePbx(reached_at={TRUNK: list(contacts)})
    await pbx.open(lambda events: None)
    if not up:
        pbx.go_down()
    await trunks.look(pbx)
    if record:
        trunks.note({TRUNK: TrunkRecord(TRUNK, **record)})  # type: ignore[arg-type]
    return trunks


@pytest.mark.parametrize(
    ("contacts", "rehearsal"),
    [([LOOPBACK], True), ([ELSEWHERE], False), ([LOOPBACK, ELSEWHERE], False), ([], False)],
)
async def test_a_rehearsal_trunk_leads_to_this_host_only(
    contacts: list[str], rehearsal: bool
) -> None:
    trunks = await looked(*contacts)
    assert trunks.is_rehearsal(TRUNK) is rehearsal
    assert (trunks.gate(a_campaign()) is None) is rehearsal


async def test_what_cannot_be_asked_is_not_taken_for_a_rehearsal() -> None:
    assert not (await looked(LOOPBACK, up=False)).is_rehearsal(TRUNK)


async def test_a_real_trunk_waits_for_a_named_person() -> None:
    assert (await looked(ELSEWHERE)).gate(REAL) is Gate.TRUNK_UNAVAILABLE
    assert (await looked(ELSEWHERE, max_cps=5.0)).gate(REAL) is Gate.TRUNK_UNAVAILABLE
    assert (await looked(ELSEWHERE, armed_by="Zoé")).gate(REAL) is None


async def test_a_call_is_put_through_by_a_trunk_that_it_might_go_out_by() -> None:
    assert not (await looked(ELSEWHERE)).may_transfer(TRUNK, REAL), "nobody has armed it"
    armed = await looked(ELSEWHERE, armed_by="Zoé")
    assert armed.may_transfer(TRUNK, REAL)
    assert not armed.may_transfer(TRUNK, a_campaign(rehearsal=True, caller_id=SHOWN))
    assert not armed.may_transfer(TRUNK, a_campaign(rehearsal=False, caller_id="+33162000001"))
    assert not armed.may_transfer("gone", REAL)


async def test_transfers_are_closed_where_the_trunk_named_for_them_cannot_be_used() -> None:
    def asking(trunk: str) -> Campaign:
        script = Script(keys={"3": KeyAct.TRANSFER}, transfer=Transfer("+33199000077", trunk=trunk))
        return a_campaign(rehearsal=False, caller_id=SHOWN, script=script)

    armed, new = await looked(ELSEWHERE, armed_by="Zoé"), await looked(ELSEWHERE)
    assert not armed.transfers_closed(REAL), "it has none"
    assert not new.transfers_closed(asking("")), "its own trunk has a gate of its own"
    assert not armed.transfers_closed(asking(TRUNK))
    assert new.transfers_closed(asking(TRUNK))
    assert armed.transfers_closed(asking("gone"))


async def test_a_rehearsal_never_goes_out_by_a_real_trunk_armed_or_not() -> None:
    trunks = await looked(ELSEWHERE, armed_by="Zoé")
    assert trunks.gate(a_campaign(rehearsal=True)) is Gate.TRUNK_UNAVAILABLE


async def test_caller_ids_that_the_carrier_does_not_allow() -> None:
    trunks = await looked(ELSEWHERE, armed_by="Zoé")
    other = a_campaign(rehearsal=False, caller_id="+33162000001")
    assert trunks.gate(other) is Gate.CALLER_ID_NOT_ALLOWED


async def test_a_trunk_that_is_gone_from_the_settings() -> None:
    trunks = await looked(LOOPBACK)
    assert trunks.gate(a_campaign(trunk="gone")) is Gate.TRUNK_UNAVAILABLE


@pytest.mark.parametrize(
    ("contact", "record", "limits"),
    [
        (LOOPBACK, {}, Limits(40, 20)),
        (ELSEWHERE, {}, Limits(40, 1)),
        (ELSEWHERE, {"armed_by": "Zoé"}, Limits(40, 1)),
        (ELSEWHERE, {"armed_by": "Zoé", "max_cps": 7.5}, Limits(40, 7.5)),
        (LOOPBACK, {"max_channels": 3}, Limits(3, 20)),
    ],
)
async def test_limits_in_force(contact: str, record: dict[str, object], limits: Limits) -> None:
    assert (await looked(contact, **record)).limits() == {TRUNK: limits}


async def test_the_pbx_is_asked_by_its_own_names() -> None:
    trunks = Trunks([Trunk(TRUNK, "127.0.0.1")], lambda name: f"{name}-tag")
    pbx = FakePbx(reached_at={f"{TRUNK}-tag": [LOOPBACK], TRUNK: [ELSEWHERE]})
    await pbx.open(lambda events: None)
    await trunks.look(pbx)
    assert trunks.is_rehearsal(TRUNK)


async def test_a_trunk_that_answers_no_options_is_left_alone_until_it_does() -> None:
    trunks = Trunks([Trunk(TRUNK, "192.0.2.1", caller_ids=(SHOWN,), max_channels=40, max_cps=20)])
    trunks.note({TRUNK: TrunkRecord(TRUNK, armed_by="Zoé")})
    pbx = FakePbx(reached_at={TRUNK: [ELSEWHERE]}, silent={TRUNK})
    await pbx.open(lambda events: None)
    await trunks.look(pbx)
    assert trunks.gate(REAL) is Gate.LIMIT_REACHED
    shown = trunks.status(0.0)[TRUNK]
    assert (shown["breaker"], shown["why"]) == ("open", "unanswered")
    pbx.silent.clear()
    await trunks.look(pbx)
    assert trunks.gate(REAL) is None
    assert trunks.status(0.0)[TRUNK]["why"] is None


async def test_a_trunk_that_answers_no_options_is_asked_again_before_its_interval_is_over() -> None:
    clock = Clock()
    trunk = Trunk(TRUNK, "192.0.2.1", options_interval_s=3600)
    trunks = Trunks([trunk], "pv-{}".format, clock)
    pbx = FakePbx(silent={f"pv-{TRUNK}"})
    await pbx.open(lambda events: None)
    for _ in range(int(3 * ASK_AGAIN_S)):
        await trunks.look(pbx)
        clock.now += 1.0
    assert pbx.options == [f"pv-{TRUNK}"] * 3
    pbx.silent.clear()
    await trunks.look(pbx)
    assert len(pbx.options) == 3


async def test_a_trunk_that_is_asked_nothing_is_not_left_alone() -> None:
    trunks = Trunks([Trunk(TRUNK, "127.0.0.1")])
    pbx = FakePbx(silent={TRUNK})
    await pbx.open(lambda events: None)
    await trunks.look(pbx)
    assert trunks.gate(a_campaign()) is None


# Several

BUSY = (Outcome.BUSY, "SIP 486 Busy Here")
CONGESTED = (Outcome.CONGESTION, "SIP 503 Service Unavailable")
INVALID = (Outcome.INVALID_NUMBER, "SIP 404 Not Found")
UNAVAILABLE = (Outcome.NO_ANSWER, "SIP 480 Temporarily Unavailable")
EVERY = ("a", "b", "c")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Several:
    """Trunks with their clock, all leading to loopback but for those named."""

    def __init__(self, *made: Trunk, real: tuple[str, ...] = ()) -> None:
        self.clock = Clock()
        self.trunks = Trunks(made, clock=self.clock)
        self.campaign = a_campaign(trunk=made[0].name, other_trunks=tuple(t.name for t in made[1:]))
        self._pbx = FakePbx(reached_at={name: [ELSEWHERE] for name in real})

    async def looked(self) -> "Several":
        await self._pbx.open(lambda events: None)
        await self.trunks.look(self._pbx)
        return self

    def choices(self, campaign: Campaign | None = None) -> list[str]:
        return self.trunks.choices(campaign or self.campaign, self.clock.now)

    def ended(self, trunk: str, end: tuple[Outcome, str], times: int = 1) -> None:
        for _ in range(times):
            self.clock.now += 0.1
            self.trunks.ended(trunk, *end, self.clock.now, self.clock.now - 0.05)


def named(name: str, **values: object) -> Trunk:
    return Trunk(name, "127.0.0.1", max_cps=20, **values)  # type: ignore[arg-type]


async def test_trunks_of_a_lower_number_are_tried_first() -> None:
    several = await Several(named("a", priority=2), named("b", priority=1), named("c")).looked()
    assert several.choices() == ["b", "c", "a"]
    for _ in range(50):
        several.trunks.placed(several.choices()[0], 1, several.clock.now)
    assert several.choices()[-1] == "a"


@pytest.mark.parametrize("batch", [1, 4])
@settings(deadline=None)
@given(st.lists(st.floats(0.2, 8), min_size=2, max_size=3))
async def test_calls_spread_by_weight(batch: int, weights: list[float]) -> None:
    made = [named(name, weight=weight) for name, weight in zip(EVERY, weights, strict=False)]
    several = await Several(*made).looked()
    calls: Counter[str] = Counter()
    for _ in range(1000):
        first = several.choices()[0]
        several.trunks.placed(first, batch, several.clock.now)
        calls[first] += batch
    for trunk in made:
        share = calls[trunk.name] / calls.total()
        assert share == pytest.approx(trunk.weight / sum(weights), abs=0.02)


async def test_a_trunk_that_was_away_is_not_called_alone_until_it_has_caught_up() -> None:
    several = await Several(named("a"), named("b")).looked()
    for _ in range(10_000):
        several.trunks.placed("a", 1, several.clock.now)
    in_a_row = 0
    while several.choices()[0] == "b":
        several.trunks.placed("b", 1, several.clock.now)
        in_a_row += 1
    assert in_a_row <= CATCH_UP_CALLS + 1


async def test_a_rehearsal_uses_rehearsal_trunks_alone_and_nothing_else_uses_them() -> None:
    real = named("b", caller_ids=(SHOWN,))
    several = await Several(named("a"), real, real=("b",)).looked()
    several.trunks.note({"b": TrunkRecord("b", armed_by="Zoé")})
    assert several.choices() == ["a"]
    campaign = a_campaign(trunk="a", other_trunks=("b",), rehearsal=False, caller_id=SHOWN)
    assert several.choices(campaign) == ["b"]
    assert several.trunks.gate(campaign) is None


async def test_the_gate_of_a_campaign_none_of_whose_trunks_can_be_used() -> None:
    shows_another = named("b", caller_ids=("+33162000009",))
    several = await Several(named("a", caller_ids=(SHOWN,)), shows_another, real=EVERY).looked()
    campaign = a_campaign(trunk="a", other_trunks=("b",), rehearsal=False, caller_id=SHOWN)
    armed = {name: TrunkRecord(name, armed_by="Zoé") for name in EVERY}
    several.trunks.note({"b": armed["b"]})
    assert several.trunks.gate(campaign) is Gate.TRUNK_UNAVAILABLE
    several.trunks.note(armed)
    assert several.trunks.gate(campaign) is None
    alone = a_campaign(trunk="b", rehearsal=False, caller_id=SHOWN)
    assert several.trunks.gate(alone) is Gate.CALLER_ID_NOT_ALLOWED


# Out of order


async def test_one_sick_trunk_is_left_alone_and_the_other_carries_on() -> None:
    several = await Several(named("a"), named("b")).looked()
    several.trunks.limits()
    several.ended("a", CONGESTED, RUN)
    several.ended("b", BUSY, RUN)
    assert several.trunks.changed
    assert several.choices() == ["b"]
    assert several.trunks.gate(several.campaign) is None
    assert several.trunks.gate(a_campaign(trunk="a")) is Gate.LIMIT_REACHED
    assert several.trunks.limits()["b"] == Limits(30, 20)
    assert not several.trunks.changed


async def test_a_sick_trunk_is_probed_keeps_its_channels_and_comes_back() -> None:
    several = await Several(named("a"), named("b")).looked()
    several.ended("a", CONGESTED, RUN)
    several.clock.now += FIRST_PAUSE_S
    assert several.trunks.limits()["a"] == Limits(30, 1)
    assert "a" in several.choices()
    for _ in range(GOOD_PROBES):
        several.clock.now += 1
        several.trunks.began("a", 0.2, several.clock.now)
    assert 1 < several.trunks.limits()["a"].max_cps < 20
    several.clock.now += LONGEST_PAUSE_S
    assert several.trunks.limits()["a"] == Limits(30, 20)


async def test_a_trunk_slower_than_a_probe_is_not_made_faster_by_being_sick() -> None:
    several = await Several(named("a")).looked()
    several.trunks.note({"a": TrunkRecord("a", max_cps=0.2)})
    several.ended("a", CONGESTED, RUN)
    assert several.trunks.limits()["a"].max_cps == 0.2


async def test_a_spike_is_told_until_its_last_call_is_written() -> None:
    several = await Several(named("a"), named("b")).looked()
    several.ended("a", BUSY, 50)
    assert several.trunks.spikes() == []
    begun = several.clock.now
    several.ended("a", INVALID, 30)
    ((name, since),) = several.trunks.spikes()
    assert name == "a"
    ago = timedelta(seconds=several.clock.now - begun + EARLIER_S)
    assert abs(datetime.now(UTC) - ago - since) < timedelta(seconds=0.2)
    several.clock.now += WRITTEN_WITHIN_S - 1
    assert len(several.trunks.spikes()) == 1
    several.clock.now += 2
    assert len(several.trunks.spikes()) == 1
    assert several.trunks.spikes() == []


async def test_a_spike_that_goes_on_is_told_again_from_its_beginning() -> None:
    several = await Several(named("a"), named("b")).looked()
    several.ended("a", BUSY, 50)
    several.ended("a", INVALID, 30)
    ((_, since),) = several.trunks.spikes()
    several.clock.now += 60
    several.trunks.spikes()
    several.ended("a", INVALID)
    several.ended("b", INVALID)
    ((name, again),) = several.trunks.spikes()
    assert name == "a"
    assert abs(again - since + timedelta(seconds=60.1)) < timedelta(seconds=0.2)


@pytest.mark.parametrize("first", [True, False])
async def test_phones_that_are_off_again_say_nothing_of_the_trunk(first: bool) -> None:
    """At the end of a list nobody else is left; among people called first, it is a storm."""
    several = await Several(named("a")).looked()
    for _ in range(60):
        several.clock.now += 0.1
        now = several.clock.now
        several.trunks.ended("a", *UNAVAILABLE, now, now - 0.05, first=first)
    shown = several.trunks.status(several.clock.now)["a"]["breaker"]
    assert (shown != "closed") is first


async def test_what_a_trunk_shows_of_itself() -> None:
    several = await Several(named("a", weight=3.0), named("b", priority=2), real=("b",)).looked()
    several.trunks.note({"b": TrunkRecord("b", armed_by="Zoé")})
    several.ended("a", CONGESTED, RUN)
    shown = several.trunks.status(several.clock.now)
    assert shown["a"] == {
        "rehearsal": True,
        "armed": False,
        "priority": 1,
        "weight": 3.0,
        "max_channels": 30,
        "max_cps": 20,
        "breaker": "open",
        "factor": 0.0,
        "why": "congested",
    }
    assert (shown["b"]["breaker"], shown["b"]["factor"], shown["b"]["why"]) == ("closed", 1.0, None)
    assert (shown["b"]["armed"], shown["b"]["max_cps"]) == (True, 1.0)


async def test_calls_of_a_trunk_that_is_gone_from_the_settings_harm_nothing() -> None:
    several = await Several(named("a")).looked()
    several.ended("gone", INVALID, 60)
    several.trunks.began("gone", 1.0, several.clock.now)
    assert several.trunks.spikes() == []


def test_the_trunk_of_a_channel() -> None:
    trunks = Trunks([named("a-b"), named("c")], lambda name: f"{name}-tag")
    assert trunks.of_channel("PJSIP/a-b-tag-0000001f") == "a-b"
    assert trunks.of_channel("PJSIP/elsewhere-0000001f") == ""
    assert trunks.of_channel("Local/s@portevoix-refuse-0000001f;1") == ""
