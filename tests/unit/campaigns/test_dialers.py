"""Several dialers shown as one."""

from typing import Any

from campaigns.dialers import together


def one(**changes: Any) -> dict[str, Any]:
    return {
        "at": "2026-03-02T10:00:00+00:00", "ready": True, "connected": True, "gaps": 1,
        "channels": 3, "answered": 2,
        "campaigns": {"7": {"channels": 3, "calls_per_second": 2, "gate": None}},
        "trunks": {"t": {"rehearsal": True, "breaker": "closed", "factor": 1.0, "why": None}},
        **changes,
    }  # fmt: skip


def test_one_is_shown_as_it_is_and_none_as_nothing() -> None:
    assert together([one()]) == one()
    assert together([]) == {}


def test_calls_are_added_up() -> None:
    found = together([one(), one(channels=4, gaps=0, answered=1)])
    assert (found["channels"], found["gaps"], found["answered"]) == (7, 1, 3)
    assert found["campaigns"]["7"] == {"channels": 6, "calls_per_second": 4, "gate": None}


def test_the_oldest_look_is_told() -> None:
    assert together([one(), one(at="2026-03-02T09:59:59+00:00")])["at"].endswith("09:59:59+00:00")
    assert together([one(), {"ready": True}])["at"] is None


def test_they_are_ready_where_one_is() -> None:
    assert together([one(ready=False), one()])["ready"]
    assert not together([one(ready=False), one(ready=False)])["ready"]


def test_a_gate_is_told_where_it_is_closed_for_all() -> None:
    closed = {"7": {"channels": 0, "calls_per_second": 0, "gate": "limit_reached"}}
    assert together([one(), one(campaigns=closed)])["campaigns"]["7"]["gate"] is None
    both = together([one(campaigns=closed), one(campaigns=closed)])
    assert both["campaigns"]["7"]["gate"] == "limit_reached"


def test_a_trunk_is_as_well_as_the_one_that_fares_best_with_it() -> None:
    sick = {"t": {"rehearsal": True, "breaker": "open", "factor": 0.0, "why": "failed"}}
    found = together([one(trunks=sick), one()])["trunks"]["t"]
    assert found == {"rehearsal": True, "breaker": "closed", "factor": 0.5, "why": None}
