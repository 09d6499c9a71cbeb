import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_calls import call

from rehearsal.ledger import (
    Ledger,
    LedgerKey,
    network_counters,
    peak_concurrent,
    peak_starts_per_second,
    read,
)

FIRST = {
    "call": 1,
    "number": "0199000012",
    "sip_call_id": "a",
    "source": "127.0.0.1:5060",
    "behaviour": "presses_key",
    "nth": 1,
    "invite_at": 10.0,
}
KEY = {"digit": "9", "route": "info", "start": 12.0, "end": 12.1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def _write(path: Path, *lines: tuple[str, dict[str, object]]) -> None:
    ledger = Ledger(path)
    for event, facts in lines:
        ledger.write(event, facts)
    ledger.close()


def test_a_call_is_known_from_its_first_line(path: Path) -> None:
    _write(path, ("invite", FIRST))
    (seen,) = read(path)
    assert (seen.number, seen.answer_at, seen.ended_at) == ("0199000012", None, None)


def test_answer_and_key_are_known_before_the_call_ends(path: Path) -> None:
    answer: dict[str, object] = {"sip_call_id": "a", "answer_at": 11.0, "status": 200}
    key: dict[str, object] = {"sip_call_id": "a", "number": "0199000012", **KEY}
    _write(path, ("start", {}), ("invite", FIRST), ("answer", answer), ("key", key))
    (seen,) = read(path)
    assert (seen.answer_at, seen.keys) == (11.0, (LedgerKey("9", "info", 12.0, 12.1),))


def test_the_end_of_a_call_says_everything_once(path: Path) -> None:
    key: dict[str, object] = {"sip_call_id": "a", "number": "0199000012", **KEY}
    end: dict[str, object] = {**FIRST, "keys": [KEY], "ended_at": 13.0}
    _write(path, ("invite", FIRST), ("key", key), ("end", end), ("stop", {"calls": 1}))
    (seen,) = read(path)
    assert (len(seen.keys), seen.ended_at) == (1, 13.0)
    assert network_counters(path)["calls"] == 1


def test_nothing_is_on_disk_before_a_flush_and_all_of_it_after(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write("invite", FIRST)
    assert read(path) == []
    ledger.flush()
    assert len(read(path)) == 1
    ledger.close()


@given(st.data())
def test_a_cut_last_line_costs_only_itself(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "ledger.jsonl"
    whole = json.dumps({"event": "invite", **FIRST}) + "\n"
    last = json.dumps({"event": "invite", **FIRST, "sip_call_id": "b"})
    path.write_text(whole + last[: data.draw(st.integers(0, len(last)))])
    assert [c.sip_call_id for c in read(path)] == ["a"]


def test_calls_come_in_order_of_their_invite(path: Path) -> None:
    later: dict[str, object] = {**FIRST, "sip_call_id": "b", "invite_at": 9.0}
    _write(path, ("invite", FIRST), ("invite", later))
    assert [c.sip_call_id for c in read(path)] == ["b", "a"]


# Quarters of a second are exact in binary: the brute force below has no rounding of its own.
quarters = st.integers(0, 60).map(lambda n: n / 4)
spans = st.lists(st.tuples(quarters, st.one_of(st.none(), quarters)), max_size=30)


@given(spans)
def test_peak_concurrent_is_the_most_calls_at_any_invite(
    spans: list[tuple[float, float | None]],
) -> None:
    calls = [
        call(str(n), start, ended_at=None if length is None else start + length + 0.25)
        for n, (start, length) in enumerate(spans)
    ]
    brute = max(
        (
            sum(
                c.invite_at <= moment.invite_at
                and (c.ended_at is None or c.ended_at > moment.invite_at)
                for c in calls
            )
            for moment in calls
        ),
        default=0,
    )
    assert peak_concurrent(calls) == brute


@given(st.lists(quarters, max_size=40))
def test_peak_starts_is_the_most_in_any_second(starts: list[float]) -> None:
    calls = [call(str(n), start) for n, start in enumerate(starts)]
    brute = max((sum(s <= t < s + 1.0 for t in starts) for s in starts), default=0)
    assert peak_starts_per_second(calls) == brute


def test_a_call_that_ends_as_another_begins_frees_its_place() -> None:
    calls = [call("a", 0.0, ended_at=1.0), call("b", 1.0, ended_at=2.0)]
    assert peak_concurrent(calls) == 1
    assert peak_starts_per_second(calls) == 1


def test_nobody_else_may_read_whom_a_ledger_names(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    Ledger(file).close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_ledger_can_be_read_from_where_it_ended_before(path: Path) -> None:
    answer: dict[str, object] = {"sip_call_id": "a", "answer_at": 11.0, "status": 200}
    _write(path, ("invite", FIRST))
    start = path.stat().st_size
    _write(path, ("answer", answer), ("invite", {**FIRST, "sip_call_id": "b"}))
    assert [c.sip_call_id for c in read(path, start)] == ["b"]
    _write(path, ("end", {**FIRST, **answer, "ended_at": 13.0}))
    assert {c.sip_call_id for c in read(path, start)} == {"a", "b"}
