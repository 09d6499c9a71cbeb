"""Every limit at once: the system's, the trunks', the campaigns'; nothing claimed twice."""

import random
from collections import defaultdict
from collections.abc import Iterable

import pytest
from dialer_subjects import a_campaign
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Campaign, Limits
from campaigns.pacing import RAMP_S
from campaigns.script import KeyAct, Script, Transfer
from dialer.throttle import Throttle
from store.portions import of_controller

SYSTEM = Limits(1000, 500)
AHEAD_S = 0.08
CYCLE_S = 0.04


TRUNK = "loop"


def reserve(made: Throttle, campaign: Campaign, now: float, until: float) -> int:
    """How many calls a campaign can claim when it alone asks."""
    room = made.room(now, until, until)
    count = 0
    while room.take(TRUNK, campaign.id):
        count += 1
    return count


def settle(made: Throttle, campaign: Campaign, reserved: int, claimed: Iterable[str]) -> None:
    made.settle(TRUNK, campaign.id, reserved, claimed)


def throttle(*campaigns: Campaign, system: Limits = SYSTEM, **trunks: Limits) -> Throttle:
    made = Throttle(system)
    made.set_trunks(trunks)
    made.set_campaigns(campaigns)
    return made


def test_a_slot_is_held_from_the_claim_to_the_hangup() -> None:
    campaign = a_campaign(limits=Limits(3, 100))
    made = throttle(campaign, loop=Limits(10, 100))
    assert reserve(made, campaign, 10.0, 11.0) == 3
    settle(made, campaign, 3, ["a", "b"])
    assert made.channels == made.channels_of(campaign.id) == 2
    made.sent("a", 10.0)
    made.invited("a", 10.0, 10.0)
    assert reserve(made, campaign, 12.0, 13.0) == 1
    settle(made, campaign, 1, [])
    made.release("a")
    made.release("a")
    assert made.channels == 1
    assert reserve(made, campaign, 14.0, 15.0) == 2


def test_room_for_transfers_is_kept_until_they_take_it() -> None:
    script = Script(keys={"3": KeyAct.TRANSFER}, transfer=Transfer("4510", limit=4))
    campaign = a_campaign(limits=Limits(50, 100), script=script)
    made = throttle(campaign, loop=Limits(10, 100))
    assert reserve(made, campaign, 10.0, 11.0) == 6
    settle(made, campaign, 6, [])
    for one in ("t1", "t2"):
        made.take(one, TRUNK, transfer=True)
    assert reserve(made, campaign, 12.0, 13.0) == 6, "they took what was kept for them"
    settle(made, campaign, 6, [])
    made.take("coming in", TRUNK)
    assert reserve(made, campaign, 14.0, 15.0) == 5, "nothing was kept for it"
    settle(made, campaign, 5, [])
    made.set_campaigns([])
    made.release("t1")
    made.set_campaigns([a_campaign(limits=Limits(50, 100))])
    assert reserve(made, campaign, 16.0, 17.0) == 8, "it is kept while such a campaign is live"


def test_a_transfer_to_another_trunk_takes_no_room_of_this_one() -> None:
    transfer = Transfer("4510", trunk="desk", limit=4)
    script = Script(keys={"3": KeyAct.TRANSFER}, transfer=transfer)
    campaign = a_campaign(limits=Limits(50, 100), script=script)
    made = throttle(campaign, loop=Limits(10, 100), desk=Limits(5, 100), system=Limits(12, 500))
    assert reserve(made, campaign, 10.0, 11.0) == 8, "of twelve in all, four are kept"


def test_a_transfer_that_began_is_counted_in_calls_per_second() -> None:
    campaign = a_campaign(limits=Limits(50, 100))
    made = throttle(campaign, loop=Limits(50, 2))
    made.take("t", TRUNK, transfer=True)
    made.started("t", 10.0)
    assert made.earliest(TRUNK, campaign.id, 10.0) > 10.4


def test_two_campaigns_never_reserve_one_slot() -> None:
    one, two = a_campaign(1, limits=Limits(5, 100)), a_campaign(2, limits=Limits(5, 100))
    made = throttle(one, two, loop=Limits(6, 100))
    first, second = reserve(made, one, 1.0, 2.0), reserve(made, two, 1.0, 2.0)
    assert (first, second) == (5, 1)
    settle(made, one, first, [])
    settle(made, two, second, [])
    assert reserve(made, two, 1.0, 2.0) == 5


def test_what_waits_to_be_sent_has_its_token_already() -> None:
    campaign = a_campaign(limits=Limits(100, 10))
    made = throttle(campaign, loop=Limits(100, 10))
    room = reserve(made, campaign, 1.0, 1.08)
    settle(made, campaign, room, [f"a{n}" for n in range(room)])
    assert reserve(made, campaign, 1.0, 1.08) == 0


def test_a_call_that_goes_back_unsent_frees_token_and_slot() -> None:
    campaign = a_campaign(limits=Limits(1, 10))
    made = throttle(campaign, loop=Limits(1, 10))
    assert reserve(made, campaign, 1.0, 1.08) == 1
    settle(made, campaign, 1, ["a"])
    made.release("a")
    assert reserve(made, campaign, 1.0, 1.08) == 1
    assert made.earliest(TRUNK, campaign.id, 1.0) == pytest.approx(1.0)


def test_an_adopted_call_takes_a_slot_once() -> None:
    campaign = a_campaign(limits=Limits(2, 10))
    made = throttle(campaign, loop=Limits(5, 10))
    made.take("a", TRUNK, campaign.id)
    made.take("a", TRUNK, campaign.id)
    assert made.channels == 1
    assert reserve(made, campaign, 1.0, 5.0) == 1


def test_a_campaign_that_is_over_keeps_its_slots_until_its_calls_end() -> None:
    campaign = a_campaign(limits=Limits(2, 10))
    made = throttle(campaign, loop=Limits(5, 10))
    made.take("a", TRUNK, campaign.id)
    made.set_campaigns([])
    assert made.channels_of(campaign.id) == 1
    made.release("a")
    made.set_campaigns([])
    assert made.channels_of(campaign.id) == 0


def test_a_limit_lowered_under_what_is_up_lets_no_call_start() -> None:
    campaign = a_campaign(limits=Limits(5, 100))
    made = throttle(campaign, loop=Limits(50, 100))
    for attempt in "abcd":
        made.take(attempt, TRUNK, campaign.id)
    made.set_campaigns([a_campaign(limits=Limits(2, 100))])
    assert reserve(made, campaign, 1.0, 2.0) == 0


class Run:
    """The engine's cycle and the sender's queue on a clock of our own, with random calls."""

    def __init__(
        self, chance: random.Random, campaigns: list[Campaign], trunk: Limits, scarce: float = 0.1
    ) -> None:
        self.chance = chance
        self.campaigns = campaigns
        self.scarce = scarce
        self.throttle = throttle(*campaigns, loop=trunk)
        self.waiting: list[tuple[str, Campaign]] = []
        self.ends: dict[str, float] = {}
        self.owner: dict[str, Campaign] = {}
        self.sent: dict[int, list[float]] = defaultdict(list)
        self.peak: dict[int, int] = defaultdict(int)
        self.peak_of_controller: dict[int, int] = defaultdict(int)
        self.count = 0

    def cycle(self, now: float) -> None:
        for attempt, at in list(self.ends.items()):
            if at <= now:
                del self.ends[attempt], self.owner[attempt]
                self.throttle.release(attempt)
        order = self.chance.sample(self.campaigns, len(self.campaigns))
        reserved = [(one, reserve(self.throttle, one, now, now + AHEAD_S)) for one in order]
        for campaign, count in reserved:
            found = self.chance.randint(0, count) if self.chance.random() < self.scarce else count
            ids = [f"{self.count + n}" for n in range(found)]
            self.count += found
            settle(self.throttle, campaign, count, ids)
            self.waiting += [(attempt, campaign) for attempt in ids]

    def send(self, now: float) -> None:
        still = []
        for attempt, campaign in self.waiting:
            if self.throttle.earliest(TRUNK, campaign.id, now) <= now:
                self.throttle.sent(attempt, now)
                self.throttle.invited(attempt, 0.0, now)
                self.sent[campaign.id].append(now)
                self.ends[attempt] = now + self.chance.uniform(0.05, 2.0)
                self.owner[attempt] = campaign
                up = sum(one is campaign for one in self.owner.values())
                self.peak[campaign.id] = max(self.peak[campaign.id], up)
                self.peak[0] = max(self.peak[0], len(self.ends))
                owner = campaign.controller_id
                up = sum(one.controller_id == owner for one in self.owner.values())
                self.peak_of_controller[owner] = max(self.peak_of_controller[owner], up)
            else:
                still.append((attempt, campaign))
        self.waiting = still

    def run(self, seconds: float, begin: float = 100.0, *, ramp: bool = False) -> None:
        now, cycle_at = begin, begin
        while now < begin + seconds:
            if now >= cycle_at:
                if ramp:
                    self.throttle.adapt(now)
                self.cycle(now)
                cycle_at = now + CYCLE_S
            self.send(now)
            now += 0.004


def most_in_a_second(starts: list[float]) -> int:
    starts = sorted(starts)
    return max((sum(at <= one < at + 1 - 1e-9 for one in starts) for at in starts), default=0)


chances = st.integers(0, 2**32).map(random.Random)
limits = st.builds(Limits, st.integers(1, 60), st.integers(1, 80).map(float))


@settings(max_examples=15, deadline=None)
@given(st.lists(limits, min_size=1, max_size=3), limits, chances)
def test_no_limit_is_ever_passed(own: list[Limits], trunk: Limits, chance: random.Random) -> None:
    campaigns = [a_campaign(number, limits=one) for number, one in enumerate(own, start=1)]
    run = Run(chance, campaigns, trunk)
    run.run(4.0)
    assert run.peak[0] <= trunk.max_channels
    assert most_in_a_second([at for all_ in run.sent.values() for at in all_]) <= trunk.max_cps
    for campaign in campaigns:
        assert run.peak[campaign.id] <= campaign.limits.max_channels
        assert most_in_a_second(run.sent[campaign.id]) <= campaign.limits.max_cps


@settings(max_examples=15, deadline=None)
@given(st.lists(limits, min_size=2, max_size=4), st.lists(limits, min_size=1, max_size=2), chances)
def test_no_limit_of_a_controller_is_ever_passed(
    own: list[Limits], of_controllers: list[Limits], chance: random.Random
) -> None:
    """It is that of all its campaigns together; a controller without one has none."""
    campaigns = [
        a_campaign(
            number, limits=one, controller_id=number % 2 + 1,
            controller_limits=dict(enumerate(of_controllers, start=1)).get(number % 2 + 1),
        )
        for number, one in enumerate(own, start=1)
    ]  # fmt: skip
    run = Run(chance, campaigns, Limits(500, 500))
    run.run(4.0)
    for controller_id, most in enumerate(of_controllers, start=1):
        theirs = [one.id for one in campaigns if one.controller_id == controller_id]
        starts = [at for id_ in theirs for at in run.sent[id_]]
        assert run.peak_of_controller[controller_id] <= most.max_channels
        assert most_in_a_second(starts) <= most.max_cps


def test_a_controller_s_limit_is_used_while_there_is_work() -> None:
    most = Limits(12, 400)
    campaigns = [
        a_campaign(number, limits=Limits(100, 200), controller_limits=most) for number in (1, 2)
    ]
    run = Run(random.Random(3), campaigns, Limits(1000, 500), scarce=0.0)
    run.run(3.0)
    assert run.peak_of_controller[1] == 12


def test_a_limit_that_a_controller_is_given_counts_what_is_in_hand() -> None:
    """Slots that are held, claims that are being made, and the calls of the last second."""
    plain = a_campaign(limits=Limits(50, 100))
    limited = a_campaign(limits=Limits(50, 100), controller_limits=Limits(4, 2))
    made = throttle(plain, loop=Limits(50, 100))
    settle(made, plain, reserve(made, plain, 10.0, 10.05), ["a", "b"])
    for one in "ab":
        made.sent(one, 10.0)
        made.invited(one, 10.0, 10.0)
    room = made.room(10.0, 11.0, 11.0)
    assert room.take(TRUNK, plain.id)
    made.set_campaigns([limited])
    assert made.in_use()[of_controller(1)] == 3
    assert reserve(made, limited, 10.1, 10.9) == 0, "two began a moment ago"
    settle(made, limited, 1, ["c"])
    assert reserve(made, limited, 20.0, 30.0) == 1
    settle(made, limited, 1, [])
    for one in "abc":
        made.release(one)
    assert made.in_use()[of_controller(1)] == 0


def test_a_claim_that_outlives_its_campaign_holds_nothing_of_its_controller_for_ever() -> None:
    one, other = (
        a_campaign(number, limits=Limits(9, 100), controller_limits=Limits(2, 50))
        for number in (1, 2)
    )
    made = throttle(one, other, loop=Limits(50, 100))
    assert reserve(made, one, 10.0, 12.0) == 2
    made.set_campaigns([other])
    settle(made, one, 2, [])
    made.set_campaigns([other])
    assert reserve(made, other, 10.0, 12.0) == 2


def test_a_limit_that_is_lifted_is_gone_and_one_that_comes_back_counts_anew() -> None:
    plain = a_campaign(limits=Limits(9, 100))
    limited = a_campaign(limits=Limits(9, 100), controller_limits=Limits(1, 50))
    made = throttle(limited, loop=Limits(50, 100))
    made.take("a", TRUNK, limited.id)
    assert reserve(made, limited, 10.0, 12.0) == 0
    made.set_campaigns([plain])
    assert of_controller(1) not in made.in_use()
    assert reserve(made, plain, 10.0, 12.0) == 8
    settle(made, plain, 8, [])
    made.release("a")
    made.set_campaigns([limited])
    assert reserve(made, limited, 10.0, 12.0) == 1


@pytest.mark.parametrize("rate", [5, 25, 100])
def test_the_rate_is_used_while_there_is_work(rate: int) -> None:
    campaign = a_campaign(limits=Limits(1000, rate))
    run = Run(random.Random(3), [campaign], Limits(1000, 500), scarce=0.0)
    run.run(10.0)
    assert len(run.sent[campaign.id]) >= 0.97 * rate * 10 - 1


def test_the_slots_are_used_while_there_is_work() -> None:
    campaign = a_campaign(limits=Limits(20, 200))
    run = Run(random.Random(3), [campaign], Limits(1000, 500))
    run.run(3.0)
    assert run.peak[campaign.id] == 20


def test_a_call_that_is_nobodys_attempt_takes_a_channel_of_its_trunk() -> None:
    campaign = a_campaign(limits=Limits(10, 100))
    made = throttle(campaign, loop=Limits(3, 100))
    made.take("1732230000.7", TRUNK)
    made.take("attempt", TRUNK, campaign.id)
    assert reserve(made, campaign, 1.0, 2.0) == 1
    assert made.channels_of(campaign.id) == 1
    made.release_others()
    assert (made.channels, made.channels_of(campaign.id)) == (1, 1)


def test_everything_begins_slowly() -> None:
    campaign = a_campaign(limits=Limits(1000, 50))
    run = Run(random.Random(3), [campaign], Limits(1000, 50), scarce=0.0)
    run.throttle.ramp_up(100.0)
    run.run(RAMP_S, ramp=True)
    starts = run.sent[campaign.id]
    assert sum(at < 101.0 for at in starts) <= 11
    assert sum(at < 104.0 for at in starts) <= 0.6 * 4 * 50
    before = len(starts)
    run.run(3.0, 100.0 + RAMP_S, ramp=True)
    assert len(starts) - before >= 0.9 * 3 * 50


def test_a_slow_trunk_begins_no_slower_than_it_is() -> None:
    campaign = a_campaign(limits=Limits(10, 1))
    run = Run(random.Random(3), [campaign], Limits(10, 1), scarce=0.0)
    run.throttle.ramp_up(100.0)
    run.run(5.0, ramp=True)
    assert len(run.sent[campaign.id]) >= 4


def two_in_hand() -> tuple[Throttle, Campaign]:
    """Calls «a» and «b» are claimed under a limit of 20 a second, and not sent yet."""
    campaign = a_campaign(limits=Limits(100, 20))
    made = throttle(campaign, loop=Limits(100, 20))
    settle(made, campaign, reserve(made, campaign, 1.0, 1.2), ["a", "b"])
    return made, campaign


def test_orders_that_a_stall_held_up_are_followed_by_none_for_a_window() -> None:
    """They reach the network together when it heals, and count as calls of that second."""
    made, campaign = two_in_hand()
    made.sent("a", 1.0)
    made.sent("b", 1.05)
    assert reserve(made, campaign, 3.0, 3.08) == 0
    assert made.earliest(TRUNK, campaign.id, 3.0) > 3.0
    for order in ("a", "b"):
        made.invited(order, 4.0, 4.0)
    assert made.earliest(TRUNK, campaign.id, 4.1) > 5.0
    assert reserve(made, campaign, 4.1, 4.18) == 0
    assert reserve(made, campaign, 5.2, 5.28) > 0


def test_a_pbx_that_tells_of_channels_alone_is_called_all_the_same() -> None:
    made, campaign = two_in_hand()
    for order in "ab":
        made.sent(order, 1.0)
        made.made(order, 1.1)
    assert made.earliest(TRUNK, campaign.id, 3.0) == 3.0


def test_a_channel_without_its_invite_holds_others_back_where_invites_are_told() -> None:
    """What a disk holds up between the two comes all at once, too."""
    made, campaign = two_in_hand()
    made.sent("a", 1.0)
    made.made("a", 1.01)
    made.invited("a", 1.02, 1.02)
    made.sent("b", 1.1)
    made.made("b", 1.11)
    assert made.earliest(TRUNK, campaign.id, 3.0) > 3.0
    made.invited("b", 3.1, 3.1)
    assert made.earliest(TRUNK, campaign.id, 3.2) > 4.0


def test_a_claim_waits_until_those_in_hand_are_few() -> None:
    campaign = a_campaign(limits=Limits(500, 100))
    made = throttle(campaign, loop=Limits(500, 100))

    def room(now: float) -> int:
        room = made.room(now, now + 0.1, now + 0.3)
        count = 0
        while room.take(TRUNK, campaign.id):
            count += 1
        return count

    first = room(10.0)
    assert 28 <= first <= 31
    settle(made, campaign, first, [str(one) for one in range(first)])
    for one in range(15):
        made.sent(str(one), 10.0 + one / 100)
    assert room(10.15) == 0, "15 are in hand, and the next tenth of a second needs ten"
    for one in range(15, 22):
        made.sent(str(one), 10.0 + one / 100)
    assert 20 <= room(10.22) <= 23, "eight are in hand: up to 30 again"


def test_a_slot_that_is_free_is_claimed_at_once() -> None:
    campaign = a_campaign(limits=Limits(3, 100))
    made = throttle(campaign, loop=Limits(500, 100))
    assert reserve(made, campaign, 10.0, 11.0) == 3
    settle(made, campaign, 3, ["a", "b", "c"])
    for one in ("a", "b", "c"):
        made.sent(one, 10.0)
    made.release("b")
    room = made.room(10.2, 10.35, 10.5)
    assert room.take(TRUNK, campaign.id)
    assert not room.take(TRUNK, campaign.id)
