import math
from typing import Any

import pytest

from bench import heard
from bench.__main__ import misses
from bench.paris import FIRST_SAMPLE_MS, broken, first_samples
from rehearsal.ledger import LedgerCall
from rehearsal.likeness import Likeness

GOOD: dict[str, Any] = {
    "engine_over_raw": 0.93,
    "dialer_cpu_over_asterisk": 0.15,
    "channel_overshoot": 0,
    "channel_use": 0.985,
    "cps_overshoot": 0,
    "optout_p99_ms": 120.0,
    "rate_while_importing": 0.995,
    "claim_p99_ms": {"10000": 5.0, "6000000": 6.0},
    "dialer_rss_mb": {"10000": 90.0},
}


def test_what_reaches_every_goal_misses_none() -> None:
    assert misses(GOOD) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("engine_over_raw", 0.89),
        ("channel_overshoot", 1),
        ("optout_p99_ms", math.inf),
        ("engine_over_raw", math.nan),
        ("claim_p99_ms", {"10000": 5.0, "6000000": 12.0}),
    ],
)
def test_one_figure_beyond_its_goal_is_named(name: str, value: Any) -> None:
    assert misses({**GOOD, name: value}) == [name]


def test_a_part_that_was_not_run_misses_nothing() -> None:
    assert misses({"claim_p99_ms": {"10000": 5.0}}) == []


def call(answer_at: float | None, ended_at: float, heard_at: float | None = None) -> LedgerCall:
    return LedgerCall(
        1, "+33199000012", "a", "127.0.0.1:5060", "paris", 1, 0.0,
        answer_at=answer_at, ended_at=ended_at, rtp_first_at=heard_at,
    )  # fmt: skip


def test_the_first_sample_is_timed_from_the_answer() -> None:
    heard = call(2.0, 9.0, heard_at=2.04)
    deaf = call(2.0, 9.0)
    gone = call(2.0, 2.0 + FIRST_SAMPLE_MS / 2000)
    busy = call(None, 1.0)
    assert first_samples([heard, deaf, gone, busy]) == [pytest.approx(0.04), math.inf]


def test_an_evening_with_one_call_too_many_in_a_second_is_broken() -> None:
    zero = dict.fromkeys(("lost", "called_twice", "wrong_outcomes", "lost_optouts", "uninvited"), 0)
    good = {
        **zero,
        "cps_overshoot_share": 0.0,
        "peak_channels": 400,
        "limit_channels": 700,
        "cps_use": 0.97,
        "first_sample_p99_ms": 80.0,
    }
    assert broken(good) == []
    assert broken({**good, "cps_overshoot_share": 1 / 18}) == ["cps_overshoot_share"]
    assert broken({**good, "first_sample_p99_ms": math.nan}) == ["first_sample_p99_ms"]


def test_silence_before_the_speech_may_be_lost_and_speech_may_not() -> None:
    ears = [
        heard.Ear(Likeness(1.0, clipped, 0, 0.0, whole=not clipped), 20.0)
        for clipped in (0, 160, heard.LEAD_SAMPLES, heard.LEAD_SAMPLES + 1)
    ]
    found = heard.result(ears)
    assert (found["lead_clipped"], found["start_clipped"]) == (2, 1)
    assert heard.broken(found) == ["start_clipped"]
    assert heard.broken(heard.result(ears[:3])) == []
