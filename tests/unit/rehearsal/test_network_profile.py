from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from rehearsal.behaviour import BY_ENDING, DEFAULTS, Behaviour, Press, Route, plan_by_number
from rehearsal.profile import SHIPPED, load, read

numbers = st.integers(0, 999_999).map(lambda n: f"+33199{n:06d}")


@pytest.mark.parametrize("name", sorted(p.stem for p in SHIPPED.glob("*.toml")))
def test_every_shipped_profile_loads(name: str) -> None:
    assert load(name, 1).entries


@given(numbers, st.integers(1, 5), st.integers(0, 3))
def test_a_rerun_repeats_every_choice(number: str, nth: int, seed: int) -> None:
    assert load("demo", seed).plan_for(number, nth) == load("demo", seed).plan_for(number, nth)


@given(numbers)
def test_the_form_in_which_a_number_is_dialled_changes_nothing(number: str) -> None:
    profile = load("demo", 1)
    assert profile.plan_for("0" + number[3:], 1) == profile.plan_for(number, 1)


def test_the_demo_shows_at_least_twelve_behaviours_each_above_one_percent() -> None:
    profile = load("demo", 1)
    seen = Counter(profile.plan_for(f"+33199{n:06d}", 1).behaviour for n in range(1000))
    assert len([share for share in seen.values() if share >= 10]) >= 12


def test_another_seed_is_another_population() -> None:
    one, two = load("demo", 1), load("demo", 2)
    plans = [
        (one.plan_for(f"+33199{n:06d}", 1), two.plan_for(f"+33199{n:06d}", 1)) for n in range(50)
    ]
    assert any(a.behaviour != b.behaviour for a, b in plans)


def test_a_number_keeps_its_behaviour_and_may_change_it_after_its_first_calls() -> None:
    table = {
        "ring": [0.5, 0.5],
        "behaviour": [{"name": "busy", "first_calls": 2, "then": "answers_and_listens"}],
    }
    profile = read(table, 1)
    played = [profile.plan_for("0199000001", nth).behaviour for nth in (1, 2, 3, 4)]
    assert played == ["busy", "busy", "answers_and_listens", "answers_and_listens"]
    assert profile.plan_for("0199000001", 1).ring == 0.5


def test_keys_and_times_are_read() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "presses_key", "keys": ["1@0.5", "9@2"], "routes": ["info"]},
    ]
    plan = read({"behaviour": rows}, 1).plan_for("1", 1)
    assert plan.keys == (Press("1", 0.5, (Route.INFO,)), Press("9", 2.0, (Route.INFO,)))
    held = read({"behaviour": [{"name": "presses_key", "keys": ["5@1/0.4"]}]}, 1).plan_for("1", 1)
    assert held.keys == (Press("5", 1.0, held=0.4),)
    leaves = read({"behaviour": [{"name": "vanishes", "after": 4}]}, 1).plan_for("1", 1)
    assert (leaves.vanishes_after, leaves.hangs_up_after) == (4.0, None)


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ({}, "behaviour"),
        ({"behaviour": [{"name": "sleeps"}]}, "behaviour"),
        ({"behaviour": [{"name": "busy", "wieght": 2}]}, "behaviour"),
        ({"behaviour": [{"name": "busy", "weight": 0}]}, "weight"),
        ({"behaviour": [{"name": "busy", "weight": "much"}]}, "weight"),
        ({"behaviour": [{"name": "busy", "ring": [3, 1]}]}, "ring"),
        ({"behaviour": [{"name": "busy", "ring": 3}]}, "ring"),
        ({"behaviour": [{"name": "presses_key", "keys": ["9"]}]}, "keys"),
        ({"behaviour": [{"name": "presses_key", "keys": ["99@1"]}]}, "keys"),
        ({"behaviour": [{"name": "presses_key", "keys": ["9@-1"]}]}, "keys"),
        ({"behaviour": [{"name": "presses_key", "keys": ["9@1/0"]}]}, "keys"),
        ({"behaviour": [{"name": "presses_key", "keys": ["9@1/3"]}]}, "keys"),
        ({"behaviour": [{"name": "presses_key", "routes": ["pulses"]}]}, "routes"),
        ({"behaviour": [{"name": "hangs_up_after", "after": "soon"}]}, "after"),
        ({"behaviour": [{"name": "busy", "then": "away"}]}, "behaviour"),
        ({"behaviour": [{"name": "busy", "first_calls": "two"}]}, "first_calls"),
        ({"behaviour": [{"name": "no_audio", "keys": ["9@1"]}]}, "keys"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused_by_name(
    table: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(table, 1)
    assert refused.value.field == field


def test_an_unknown_profile_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"Shipped profiles: answers, .*demo, .*paris"):
        load(str(tmp_path / "none.toml"), 1)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("[[behaviour")
    with pytest.raises(InvalidInput, match="not TOML"):
        load(str(path), 1)


def test_every_behaviour_has_a_plan_and_an_ending() -> None:
    assert set(DEFAULTS) == set(Behaviour)
    endings = {plan.behaviour for plans in BY_ENDING.values() for plan in plans}
    assert endings | {Behaviour.ANSWERS_AND_LISTENS} == set(Behaviour)


def test_the_ending_of_a_number_says_what_happens_call_by_call() -> None:
    assert plan_by_number("+33199000021", 1).status == 486
    assert plan_by_number("+33199000021", 2).behaviour is Behaviour.ANSWERS_AND_LISTENS
    assert plan_by_number("+33199000021", 3).behaviour is Behaviour.ANSWERS_AND_LISTENS
    assert plan_by_number("+33199000099", 1).behaviour is Behaviour.ANSWERS_AND_LISTENS


def test_the_documented_table_is_the_one_in_force() -> None:
    text = (Path(__file__).parents[3] / "docs/rehearsal.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): row[2] for row in rows}
    for ending, plans in BY_ENDING.items():
        names = [part.strip(" `") for part in documented[ending].split(", then")]
        assert names == [plan.behaviour for plan in plans], ending
