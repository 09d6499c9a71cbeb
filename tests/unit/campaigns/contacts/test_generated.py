"""Lists that a program made are told from lists that people's numbers make."""

import random
import tracemalloc
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.generated import Detector, Sign, Suspicion, suspicion

MOBILES = 28_000_000
FIRST = 610_000_000


def e164(national: int) -> str:
    return f"+33{national}"


def stepped(first: int, step: int, count: int) -> list[str]:
    return [e164(first + step * at) for at in range(count)]


@settings(deadline=None)
@given(
    first=st.integers(610_000_000, 650_000_000),
    step=st.integers(-500, 500).filter(bool),
    count=st.integers(41, 400),
    before=st.integers(0, 300),
    seed=st.integers(0, 1000),
)
def test_forty_equal_steps_are_seen_wherever_they_stand(
    first: int, step: int, count: int, before: int, seed: int
) -> None:
    real = random.Random(seed).sample(range(700_000_000, 728_000_000), before + 50)
    people = [e164(one) for one in real]
    found = suspicion(people[:before] + stepped(first, step, count) + people[before:])
    assert found == Suspicion(Sign.CONSTANT_STEP, count, step)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, MOBILES - 1), st.integers(500, 900))
def test_a_step_that_begins_anew_at_the_end_of_a_range(step: int, count: int) -> None:
    numbers = dict.fromkeys(e164(FIRST + at * step % MOBILES) for at in range(count))
    if len(numbers) > 300:
        assert suspicion(numbers) is not None


@pytest.mark.parametrize("many", [800, 1000, 20_000])
def test_a_shuffled_run_of_numbers_fills_its_range(many: int) -> None:
    numbers = [e164(639_100_000 + at) for at in range(many)]
    random.Random(1).shuffle(numbers)
    found = suspicion(numbers)
    assert found is not None
    assert found.sign is Sign.FULL_RANGE


@pytest.mark.parametrize("step", [7, 37, 61, 403])
def test_a_shuffled_constant_step_is_spread_too_evenly(step: int) -> None:
    numbers = stepped(639_000_000, step, 1_000_000 // step)
    random.Random(2).shuffle(numbers)
    found = suspicion(numbers)
    assert found is not None
    assert found.sign is Sign.EVEN_SPREAD
    assert found.numbers >= 1000


def people(seed: int, count: int, density: float, *, in_order: bool) -> list[str]:
    """Numbers of people: blocks of ten thousand that are in use more or less, as blocks are."""
    source = np.random.default_rng(seed)
    blocks = source.permutation(80_000)[: max(1, round(count / (10_000 * density)) * 2)]
    numbers: list[int] = []
    for block in blocks:
        most = int(10_000 * density)
        here = source.choice(10_000, size=int(source.integers(most // 3, most + 1)), replace=False)
        numbers += (here + int(block) * 10_000 + 100_000_000).tolist()
    kept = numbers[:count]
    if in_order:
        kept.sort()
    else:
        source.shuffle(kept)
    return [e164(one) for one in kept]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    count=st.integers(1, 30_000),
    density=st.floats(0.001, 0.5),
    in_order=st.booleans(),
)
def test_lists_as_people_make_them_are_not_held(
    seed: int, count: int, density: float, in_order: bool
) -> None:
    assert suspicion(people(seed, count, density, in_order=in_order)) is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1000, 50_000), in_order=st.booleans())
def test_numbers_drawn_evenly_by_chance_are_not_too_even(
    seed: int, count: int, in_order: bool
) -> None:
    drawn = np.random.default_rng(seed).choice(100_000, size=count, replace=False)
    numbers = sorted(drawn.tolist()) if in_order else drawn.tolist()
    assert suspicion(e164(639_000_000 + one) for one in numbers) is None


@settings(deadline=None)
@given(st.lists(st.integers(1, 400), max_size=20), st.integers(0, 3))
def test_it_does_not_matter_how_the_numbers_come(sizes: list[int], seed: int) -> None:
    made = random.Random(seed).sample(range(FIRST, FIRST + 10_000), 200)
    numbers = [e164(one) for one in made] + stepped(650_000_000, 3, 50)
    detector, left = Detector(), iter(numbers)
    for size in sizes:
        detector.look(list(islice(left, size)))
    detector.look(list(left))
    assert detector.verdict() == suspicion(numbers)


def test_families_and_offices_are_not_held() -> None:
    source = random.Random(5)
    numbers = [
        e164(one + at)
        for one in source.sample(range(610_000_000, 690_000_000, 100), 500)
        for at in range(source.randint(1, 20))
    ]
    assert suspicion(numbers) is None


def test_memory_does_not_grow_with_the_list() -> None:
    source = random.Random(3)
    detector = Detector()
    tracemalloc.start()
    for _ in range(50):
        detector.look([e164(source.randrange(610_000_000, 790_000_000)) for _ in range(4000)])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_it_says_what_it_saw() -> None:
    assert suspicion([]) is None
    found = suspicion(stepped(FIRST, 37, 100))
    assert found is not None
    assert found.said == "100 numbers follow each other at a step of 37"
