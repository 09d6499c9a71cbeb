"""A trunk's health: slowed, left alone, probed, and back at its full rate soon."""

from dataclasses import dataclass, field
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.outcome import Facts, Outcome, resolve
from campaigns.trunk_health import (
    DELAY_LOWEST,
    FIRST_PAUSE_S,
    GOOD_PROBES,
    LONGEST_PAUSE_S,
    PROBE_CPS,
    RUN,
    Breaker,
    Health,
)
from campaigns.trunk_sign import Sign, sign_of
from campaigns.trunk_strain import BACK_OFF, PLATEAU

RECOVERED_WITHIN_S = 30.0
ANSWER_S = 0.3
"""How soon the network refuses a call, or a phone rings."""


@dataclass
class Caller:
    """Calls a trunk at the rate its health allows, on a clock of its own."""

    health: Health
    now: float = 1000.0
    signs: list[Sign] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Calls per second allowed now, as the dialer makes it of the factor."""
        if self.health.breaker(self.now) is Breaker.OPEN:
            return 0.0
        return self.health.limit_cps * self.health.factor(self.now)

    def call(self, sign: Sign, lasts: float = ANSWER_S) -> None:
        """One call: when it is over, the next may be sent; with its sign at its end."""
        sent = self.now
        self.now += max(lasts, 1 / self.rate)
        self.health.note(self.now, sign, sent)
        self.signs.append(sign)

    def calls(self, *signs: Sign) -> None:
        for sign in signs:
            self.wait()
            self.call(sign)

    def wait(self) -> None:
        """Until calls may be sent."""
        while self.rate == 0.0:
            self.now += 0.1

    def recovers(self, within_s: float = RECOVERED_WITHIN_S) -> float:
        """Seconds of calls that go well until the full rate is back."""
        begun = self.now
        while self.rate < self.health.limit_cps:
            assert self.now - begun < within_s, (self.health.why, self.rate)
            if self.rate == 0.0:
                self.now += 0.1
            else:
                self.call(Sign.OK)
        return self.now - begun


def caller(limit_cps: float = 10.0) -> Caller:
    return Caller(Health(limit_cps))


# What the end of a call says


@pytest.mark.parametrize(
    ("facts", "sign"),
    [
        (Facts(answered=True, result="played", rtp_sent=100), Sign.OK),
        (Facts(answered=False, tech="SIP 486 Busy Here", cause=17), Sign.OK),
        (Facts(answered=False, tech="SIP 603 Decline", cause=21), Sign.OK),
        (Facts(answered=False, tech="SIP 607 Unwanted", cause=127), Sign.OK),
        (Facts(answered=False, tech="SIP 180 Ringing", tech_cause=480, cause=19), Sign.OK),
        (Facts(answered=False, tech="SIP 183 Session Progress", cause=19), Sign.OK),
        (Facts(answered=False, tech="SIP 480 Absent", cause=20), Sign.OK),
        (Facts(answered=False, tech="SIP 487 Request Terminated", cause=127), Sign.OK),
        (Facts(answered=False, tech="SIP 302 Moved Temporarily", cause=23), Sign.OK),
        (Facts(answered=False, tech="SIP 480 Temporarily Unavailable", cause=19), Sign.UNAVAILABLE),
        (Facts(answered=False, tech="SIP 503 Service Unavailable", cause=34), Sign.CONGESTED),
        (Facts(answered=False, tech="SIP 503 Service Unavailable", cause=38), Sign.CONGESTED),
        (Facts(answered=False, tech="SIP 503 Service Unavailable", cause=17), Sign.OK),
        (Facts(answered=False, tech="SIP 429 Too Many Requests"), Sign.CONGESTED),
        (Facts(answered=False, tech="SIP 480 Unavailable", cause=42), Sign.CONGESTED),
        (Facts(answered=False, tech="SIP 480 Unavailable", cause=41), Sign.CONGESTED),
        (Facts(answered=False, tech="SIP 500 Server Internal Error", cause=38), Sign.FAILED),
        (Facts(answered=False, tech="SIP 502 Bad Gateway", cause=27), Sign.FAILED),
        (Facts(answered=False, tech="SIP 408 Request Timeout", cause=18), Sign.FAILED),
        (Facts(answered=False, tech="SIP 401 Unauthorized", cause=21), Sign.FAILED),
        (Facts(answered=False, tech="SIP 403 Forbidden", cause=21), Sign.FAILED),
        (Facts(answered=False, tech="SIP 407 Proxy Authentication Required"), Sign.FAILED),
        (Facts(answered=False, tech="SIP 428 Use Identity Header"), Sign.FAILED),
        (Facts(answered=False, tech="SIP 488 Not Acceptable Here", cause=58), Sign.FAILED),
        (Facts(answered=False, tech="SIP 100 Trying", cause=19), Sign.FAILED),
        (Facts(answered=False, tech="", cause=19), Sign.FAILED),
        (Facts(answered=False, tech="SIP 404 Not Found", cause=1), Sign.INVALID),
        (Facts(answered=False, tech="SIP 604 Does Not Exist Anywhere", cause=1), Sign.INVALID),
        (Facts(answered=False, tech="SIP 608 Rejected"), None),
    ],
    ids=lambda value: f"{value.tech} {value.cause}" if isinstance(value, Facts) else str(value),
)
def test_what_a_call_says_of_its_trunk(facts: Facts, sign: Sign | None) -> None:
    assert sign_of(resolve(facts), facts.tech or "") is sign


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.PBX_LOST, Outcome.IN_DOUBT])
def test_our_own_doing_says_nothing(outcome: Outcome) -> None:
    assert sign_of(outcome, "SIP 503 Service Unavailable") is None


# Backing off


def test_a_carrier_that_refuses_some_calls_is_called_more_slowly_and_soon_fully_again() -> None:
    trunk = caller(20)
    trunk.calls(*[Sign.OK] * 40, *[Sign.OK, Sign.OK, Sign.CONGESTED] * 10)
    assert trunk.health.breaker(trunk.now) is Breaker.CLOSED
    assert trunk.rate <= 10
    trunk.recovers()


def test_one_odd_503_changes_little() -> None:
    trunk = caller(20)
    trunk.calls(*[Sign.OK] * 40, Sign.CONGESTED, *[Sign.OK] * 40, Sign.CONGESTED)
    assert trunk.rate == 20


def test_the_rate_never_falls_under_what_a_new_trunk_starts_at() -> None:
    trunk = caller(4)
    trunk.calls(*[Sign.OK, Sign.CONGESTED] * 50)
    assert trunk.health.breaker(trunk.now) is Breaker.CLOSED
    assert trunk.rate >= PROBE_CPS
    slow = caller(0.5)
    slow.calls(*[Sign.OK, Sign.CONGESTED] * 50)
    assert slow.rate == 0.5


def test_a_cut_is_not_made_twice_for_what_was_sent_before_it() -> None:
    health = Health(100)
    for index in range(4):
        health.note(1000 + index / 100, Sign.CONGESTED, 999.5)
    assert health.factor(1000.03) == pytest.approx(0.5, abs=0.02)
    for index in range(4):
        health.note(1001.5 + index / 100, Sign.CONGESTED, 999.9)
    assert health.factor(1001.53) > 0.6


@pytest.mark.parametrize(("share", "slowed"), [(10, False), (1, True)])
def test_480_is_congestion_only_where_it_is_a_storm(share: int, slowed: bool) -> None:
    """One in ten phones is off; nearly all of them at once is the network."""
    trunk = caller(10)
    trunk.calls(*([Sign.UNAVAILABLE] + [Sign.OK] * (share - 1)) * (60 // share))
    assert (trunk.rate < 10) is slowed


def rings(health: Health, at: float, delay_s: float) -> None:
    """As one call is sent, the phone of another begins to ring, so long after it was."""
    health.dialled(at)
    health.began(at, delay_s)


def test_a_rising_post_dial_delay_slows_a_trunk_before_it_refuses_anything() -> None:
    health = Health(10)
    for index in range(100):
        rings(health, 1000 + index / 10, 1.5)
    assert health.factor(1010) == 1.0
    for index in range(30):
        rings(health, 1010 + index / 10, 6.0)
    assert 0.2 < health.factor(1013) < 0.8
    for index in range(40):
        rings(health, 1013 + index / 10, 1.5)
    assert BACK_OFF < health.factor(1017 + 10) < PLATEAU, "not into the same wall"
    assert health.factor(1017 + 600) == 1.0


def test_a_machine_that_falls_behind_at_full_rate_is_found_before_it_drowns() -> None:
    """150 calls a second, each of which rings a little later than the one before."""
    health, found = Health(150), 0.0
    for index in range(150 * 60):
        late = max(0.0, index / 150 - 30) * 0.3
        rings(health, 1000 + index / 150, 0.02 + late)
        if health.factor(1000 + index / 150) < 0.6:
            found = late
            break
    assert 1.0 <= found < 1.5, "seconds late"


@pytest.mark.parametrize("limit_cps", [50.0, 150.0, 1000.0])
def test_a_trunk_is_slowed_from_what_it_is_called_at_however_much_it_may_be(
    limit_cps: float,
) -> None:
    health, now = Health(limit_cps), 1000.0
    for index in range(50 * 30):
        now = 1000 + index / 50
        rings(health, now, 0.02)
    for index in range(1, 80):
        rings(health, now + index / 50, 3.0)
    slowed = health.factor(now + 1.6) * limit_cps
    assert 50 * DELAY_LOWEST <= slowed < 30
    back = health.factor(now + 13) * limit_cps
    assert 50 * BACK_OFF * 0.95 < back < 50 * 1.02, "not into the same wall"


def test_a_trunk_that_may_be_called_faster_is_cut_by_half_of_what_it_is_called_at() -> None:
    health = Health(1000)
    for index in range(500):
        health.dialled(1000 + index / 50)
    for index in range(4):
        health.note(1010 + index / 100, Sign.CONGESTED, 1009.5)
    assert health.factor(1010.04) * 1000 == pytest.approx(25, abs=1.0)
    assert health.factor(1015) * 1000 == pytest.approx(50, abs=1.0)
    assert health.factor(1030) == 1.0


def test_after_a_pause_it_begins_at_a_quarter_of_what_it_was_called_at() -> None:
    health = Health(1000)
    for index in range(500):
        health.dialled(1000 + index / 50)
    for index in range(RUN):
        health.note(1010 + index / 100, Sign.FAILED, 1009.5)
    assert health.breaker(1010.5) is Breaker.OPEN
    now = 1010.5 + FIRST_PAUSE_S
    for index in range(GOOD_PROBES):
        health.note(now + index, Sign.OK, now + index)
    assert health.breaker(now + 3) is Breaker.CLOSED
    assert health.factor(now + GOOD_PROBES - 1) * 1000 == pytest.approx(12.5, abs=1.0)


def test_a_delay_that_stays_is_the_usual_one_some_day() -> None:
    health = Health(10)
    for index in range(100):
        rings(health, 1000 + index / 10, 1.0)
    for index in range(1000):
        rings(health, 1010 + index / 10, 4.0)
    assert health.factor(1110) > BACK_OFF
    assert health.factor(1110 + 600) == 1.0


# The breaker


@pytest.mark.parametrize("sign", [Sign.CONGESTED, Sign.FAILED, Sign.UNAVAILABLE])
def test_a_trunk_that_carries_nothing_is_left_alone(sign: Sign) -> None:
    trunk = caller(10)
    trunk.calls(*[Sign.OK] * 40)
    for _ in range(20):
        if trunk.rate:
            trunk.call(sign)
    assert trunk.health.breaker(trunk.now) is Breaker.OPEN
    assert trunk.health.why is sign
    assert trunk.health.factor(trunk.now) == 0.0


def test_calls_set_up_before_do_not_hide_that_a_trunk_carries_nothing() -> None:
    """Their ends come for as long as messages last, one for each call refused now."""
    health = Health(10)
    for index in range(60):
        now = 1000 + index / 10
        health.note(now, Sign.OK, now - 30)
        health.note(now, Sign.CONGESTED, now - 0.2)
        if health.breaker(now) is Breaker.OPEN:
            break
    assert index < 2 * RUN


def test_probes_are_few_and_further_apart_while_they_fail() -> None:
    trunk = caller(50)
    trunk.calls(*[Sign.CONGESTED] * RUN)
    begun, probes = trunk.now, []
    while trunk.now < begun + 60:
        trunk.wait()
        assert trunk.rate == PROBE_CPS
        probes.append(trunk.now)
        trunk.call(Sign.CONGESTED)
    assert len(probes) <= 7
    assert probes[0] - begun == pytest.approx(FIRST_PAUSE_S, abs=0.2)
    assert probes[-1] - probes[-2] <= LONGEST_PAUSE_S + 1.2


def test_good_probes_close_it_and_the_rate_is_not_full_at_once() -> None:
    trunk = caller(50)
    trunk.calls(*[Sign.FAILED] * RUN)
    trunk.wait()
    assert trunk.health.breaker(trunk.now) is Breaker.HALF_OPEN
    trunk.calls(*[Sign.OK] * GOOD_PROBES)
    assert trunk.health.breaker(trunk.now) is Breaker.CLOSED
    assert trunk.health.why is None
    assert trunk.rate < 25
    trunk.recovers()


def test_a_phone_that_rings_is_a_good_probe_and_its_call_only_one() -> None:
    trunk = caller(50)
    trunk.calls(*[Sign.FAILED] * RUN)
    trunk.wait()
    for index in range(GOOD_PROBES):
        assert trunk.health.breaker(trunk.now) is Breaker.HALF_OPEN, index
        sent = trunk.now
        trunk.health.began(sent + 0.4, 0.4)
        trunk.health.note(sent + 0.9, Sign.OK, sent)
        trunk.now += 1
    assert trunk.health.breaker(trunk.now) is Breaker.CLOSED


def test_the_end_of_a_call_from_before_is_no_probe() -> None:
    trunk = caller(50)
    long_ago = trunk.now
    trunk.calls(*[Sign.CONGESTED] * RUN)
    trunk.wait()
    for _ in range(GOOD_PROBES):
        trunk.health.note(trunk.now, Sign.OK, long_ago)
    assert trunk.health.breaker(trunk.now) is Breaker.HALF_OPEN
    trunk.health.note(trunk.now, Sign.FAILED, long_ago)
    assert trunk.health.breaker(trunk.now) is Breaker.HALF_OPEN


# 404


def test_a_spike_of_404_stops_the_trunk_and_tells_since_when() -> None:
    answer = Sign.INVALID
    trunk = caller(10)
    trunk.calls(*[Sign.OK] * 200)
    begun = trunk.now
    while trunk.rate:
        assert len(trunk.signs) < 300
        trunk.call(answer)
    assert trunk.health.why is answer
    assert trunk.health.spike_since is not None
    assert begun <= trunk.health.spike_since <= begun + 1
    trunk.wait()
    trunk.call(answer)
    assert trunk.health.breaker(trunk.now) is Breaker.OPEN
    assert trunk.health.spike_since <= begun + 1
    trunk.recovers()
    assert trunk.health.spike_since is None


def test_a_trunk_that_only_refuses_is_believed_of_numbers() -> None:
    trunk = caller(10)
    trunk.calls(*[Sign.CONGESTED] * RUN)
    assert trunk.health.breaker(trunk.now) is Breaker.OPEN
    assert trunk.health.spike_since is None


def test_phones_that_are_off_are_believed_where_nobody_else_is_left() -> None:
    trunk = caller(10)
    trunk.calls(*[Sign.UNAVAILABLE] * 100)
    assert trunk.health.spike_since is None


def test_a_phone_that_rings_proves_nothing_where_404_comes_after_an_announcement() -> None:
    trunk = caller(10)
    trunk.calls(*[Sign.OK] * 50, *[Sign.INVALID] * 26)
    trunk.wait()
    for _ in range(GOOD_PROBES):
        trunk.health.began(trunk.now + 0.3, 0.3)
        trunk.now += 1
    assert trunk.health.breaker(trunk.now) is Breaker.HALF_OPEN


@pytest.mark.parametrize("share", [5, 3])
def test_a_list_with_many_wrong_numbers_is_no_spike(share: int) -> None:
    trunk = caller(10)
    trunk.calls(*([Sign.INVALID] + [Sign.OK] * (share - 1)) * 100)
    assert trunk.health.breaker(trunk.now) is Breaker.CLOSED
    assert trunk.rate == 10


def test_a_trunk_on_which_bad_lists_are_usual_is_measured_by_that() -> None:
    trunk = caller(10)
    trunk.calls(*[Sign.INVALID, Sign.OK, Sign.OK] * 1000)
    trunk.calls(*[Sign.INVALID, Sign.INVALID, Sign.OK] * 10)
    assert trunk.health.breaker(trunk.now) is Breaker.CLOSED


# Always

A_SIGN = st.sampled_from(Sign)
TWENTY = st.integers(0, 19).map(lambda at: [Sign.OK] * at + [Sign.INVALID] + [Sign.OK] * (19 - at))


@given(st.lists(st.tuples(A_SIGN, st.floats(0, 20)), max_size=200), st.floats(0.1, 200))
def test_the_factor_is_a_share_at_every_moment(
    calls: list[tuple[Sign, float]], limit_cps: float
) -> None:
    health, now = Health(limit_cps), 1000.0
    for sign, wait in calls:
        now += wait / 10
        health.note(now, sign, now - wait)
        rings(health, now, wait)
        assert 0.0 <= health.factor(now) <= 1.0
        assert (health.factor(now) == 0.0) is (health.breaker(now) is Breaker.OPEN)
        assert (health.why is None) is (health.breaker(now) is Breaker.CLOSED)


@given(st.lists(TWENTY, max_size=20), st.floats(1, 100))
def test_no_trunk_is_left_alone_for_what_people_do(
    twenties: list[list[Sign]], limit_cps: float
) -> None:
    """Busy, no answer and rejected are OK; one number in twenty does not exist."""
    trunk = caller(limit_cps)
    for sign in chain.from_iterable(twenties):
        trunk.call(sign)
        assert trunk.health.breaker(trunk.now) is Breaker.CLOSED
        assert trunk.rate == limit_cps


@given(st.lists(A_SIGN, max_size=200), st.floats(1, 100))
def test_the_full_rate_is_back_soon_once_calls_go_well(signs: list[Sign], limit_cps: float) -> None:
    trunk = caller(limit_cps)
    trunk.calls(*signs)
    trunk.recovers()


@given(st.integers(0, 40), st.floats(1, 100))
def test_from_the_worst_storm_too(probes: int, limit_cps: float) -> None:
    trunk = caller(limit_cps)
    trunk.calls(*[Sign.CONGESTED] * (RUN + probes))
    trunk.recovers()


@pytest.mark.parametrize("answer", [Sign.INVALID, Sign.UNAVAILABLE])
def test_refusals_that_end_before_the_messages_do_are_no_spike(answer: Sign) -> None:
    """One in five is refused at once, the others are called for some seconds: a good trunk."""
    health = Health(50)
    calls = [(n / 50, answer if n % 5 == 0 else Sign.OK) for n in range(1500)]
    happens: list[tuple[float, str, float, Sign]] = []
    for sent, sign in calls:
        happens.append((sent, "dialled", sent, sign))
        if sign is Sign.OK:
            happens.append((sent + 0.2, "rings", sent, sign))
        happens.append((sent + (6.0 if sign is Sign.OK else 0.3), "ends", sent, sign))
    for at, what, sent, sign in sorted(happens):
        if what == "dialled":
            health.dialled(sent)
        elif what == "rings":
            health.began(at, at - sent)
        else:
            health.over(sent)
            health.note(at, sign, sent)
        assert health.breaker(at) is Breaker.CLOSED


@pytest.mark.parametrize("answer", [Sign.INVALID, Sign.UNAVAILABLE])
def test_calls_set_up_before_do_not_hide_a_spike(answer: Sign) -> None:
    health = Health(50)
    for n in range(300):
        health.dialled(n / 50)
    for n in range(300, 400):
        health.dialled(n / 50)
        health.over(n / 50)
        health.note(n / 50 + 0.3, answer, n / 50)
    assert health.breaker(8.5) is Breaker.OPEN
