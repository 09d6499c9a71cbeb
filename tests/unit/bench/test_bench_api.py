"""Requests at fixed instants, streams that are counted, and what both are judged by."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.answers import Answer, Answers, Events, Unreadable
from bench.api import WITH, WITHOUT, Turn, Wanted, broken, result
from bench.asking import Asked, due, found
from bench.meter import Used
from bench.watching import SILENT_S, Seen
from bench.watching import found as found_of

WANTED = Wanted(targets=100, rate=2.0, requests=4.0, streams=2, seconds=10.0, rounds=1)


def answer(body: bytes, status: int = 200) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nother: a\r\n\r\n"
    return head.encode() + body


def stream(*events: bytes, last: bool = False) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = [b"%x\r\n%s\r\n" % (len(one), one) for one in events]
    return head + b"".join(chunks) + (b"0\r\n\r\n" if last else b"")


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    marks = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[one:other] for one, other in pairwise(marks)]


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), CUTS)
def test_answers_come_whole_however_they_were_cut(bodies: list[bytes], cuts: list[int]) -> None:
    answers, came = Answers(), []
    for piece in pieces(b"".join(map(answer, bodies)), cuts):
        came += answers.feed(piece)
    assert came == [Answer(200, body) for body in bodies]


@given(CUTS, CUTS)
def test_events_come_whole_however_they_were_cut(chunks: list[int], cuts: list[int]) -> None:
    text = (
        b'event: progress\nretry: 2000\ndata: {"a": 1}\n\n: ping\n\n'
        b"data: one\ndata: two\n\nevent: end\ndata: {}\n\n"
    )
    sent = stream(*(one for one in pieces(text, chunks) if one), last=True)
    events, came = Events(), []
    for piece in pieces(sent, cuts):
        came += events.feed(piece)
    assert came == [("progress", '{"a": 1}'), ("message", "one\ntwo"), ("end", "{}")]
    assert (events.status, events.over) == (200, True)


def test_what_is_no_stream_is_said_to_be_none() -> None:
    with pytest.raises(Unreadable, match="401"):
        Events().feed(answer(b"{}", 401))


def test_an_answer_of_something_else_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Answers().feed(b"SSH-2.0-x\r\n\r\n")


@given(st.floats(0.5, 500), st.floats(0.1, 60))
def test_instants_are_evenly_spaced_whatever_became_of_those_before(
    per_second: float, seconds: float
) -> None:
    instants = list(due(per_second, 1000.0, 1000.0 + seconds))
    assert len(instants) == math.ceil(((1000.0 + seconds) - 1000.0) * per_second)
    assert all(1000.0 <= one < 1000.0 + seconds + 1e-6 for one in instants)
    assert instants[-1] == pytest.approx(1000.0 + (len(instants) - 1) / per_second)


def asked(
    due_at: float, sent: float = math.inf, answered: float = math.inf, status: int = 0
) -> Asked:
    one = Asked(due_at)
    one.sent, one.answered, one.status = sent, answered, status
    return one


def test_who_had_to_wait_to_ask_is_timed_from_when_they_wanted_to() -> None:
    stalled = [asked(10.0, 10.0, 10.5, 200), asked(10.1, 10.5, 10.51, 200)]
    assert found(stalled, (10.0, 20.0))["latencies_ms"] == [500.0, 410.0]


def test_what_was_refused_or_never_answered_failed_and_has_no_time() -> None:
    seen = found(
        [asked(9.0, 9.0, 9.1, 200), asked(10.0, 10.0, 10.01, 503), asked(11.0)], (10.0, 20.0)
    )
    assert (seen["asked"], seen["answered"], seen["failed"]) == (2, 0, 2)
    assert seen["latencies_ms"] == []
    assert seen["late_p99_ms"] == math.inf


def watched(*moments: float, attempts: int = 1) -> Seen:
    one = Seen()
    for at in moments:
        one.take("progress", f'{{"attempts": {attempts}}}', at)
    return one


def test_a_stream_that_falls_silent_or_ends_is_not_counted() -> None:
    span = (100.0, 106.0)
    lively = watched(99.0, 101.0, 103.0, 105.0)
    silent = watched(101.0, 102.0)
    ended = watched(101.0, 103.0, 105.0)
    ended.fault = "it ended"
    seen = found_of([lively, silent, ended], span)
    assert (seen["streams"], seen["events"], seen["events_least"]) == (1, 8, 2)
    assert seen["gap_s"] == pytest.approx(4.0)
    assert seen["gap_s"] > SILENT_S
    assert seen["faults"] == ["it ended"]


def test_progress_that_goes_back_is_a_fault() -> None:
    one = watched(1.0, attempts=5)
    one.take("progress", '{"attempts": 4}', 2.0)
    assert one.fault
    other = watched(1.0)
    other.take("end", "{}", 2.0)
    assert other.fault


def turn(who: str, span: tuple[float, float], waits: list[float], streams: int = 2) -> Turn:
    used = Used(span[1] - span[0], {}, 0.1)
    if who == WITHOUT:
        return Turn(who, span, used, {})
    asking = {"latencies_ms": waits, "failed": 0, "late_p99_ms": 1.0}
    watching = {"streams": streams, "events_least": 9, "gap_s": 1.1}
    return Turn(who, span, used, {}, asking, watching)


def test_the_rates_with_and_without_clients_are_each_over_all_their_turns() -> None:
    turns = [
        turn(WITHOUT, (0.0, 10.0), []), turn(WITH, (10.0, 20.0), [4.0] * 20),
        turn(WITHOUT, (20.0, 30.0), []), turn(WITH, (30.0, 40.0), [6.0] * 20, streams=1),
    ]  # fmt: skip
    starts = [0.5 * index for index in range(60)]  # two a second, until the last turn
    seen = result(turns, starts)
    assert (seen["rate_without"], seen["rate_with"]) == (2.0, 1.0)
    assert seen["rate_with_over_without"] == 0.5
    assert (seen["requests_per_second"], seen["streams"]) == (2.0, 1)
    assert broken(seen, WANTED) == ["rate_with_over_without", "streams", "requests_per_second"]


GOOD: dict[str, Any] = {
    "progress_p99_ms": 12.0, "rate_with_over_without": 0.995, "streams": 2,
    "requests_per_second": 4.0, "requests_failed": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("progress_p99_ms", 25.0), ("progress_p99_ms", math.nan), ("requests_failed", 1),
        ("rate_with_over_without", math.nan),
    ],
)  # fmt: skip
def test_one_figure_beyond_its_goal_is_named(name: str, value: Any) -> None:
    assert broken(GOOD, WANTED) == []
    assert broken({**GOOD, name: value}, WANTED) == [name]
