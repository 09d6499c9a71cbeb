import math
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from bench.chart import Chart, Series, nice

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg())  # noqa: S314 - drawn by us


def test_a_chart_says_what_it_shows_and_names_each_series() -> None:
    series = [Series("engine & co", [(1, 10.0), (2, 20.0)]), Series("raw", [(1, 12.0), (2, 21.0)])]
    texts = [one.text for one in drawn(Chart("A < B", "round", "calls", series)).iter(f"{SVG}text")]
    assert {"A < B", "round", "calls", "engine & co", "raw"} <= set(texts)


def test_a_goal_is_within_the_chart_even_where_nothing_comes_near_it() -> None:
    dashed = drawn(Chart("t", "x", "y", [Series("s", [(1, 1.0), (2, 2.0)])], goal=300.0))
    goals = [one for one in dashed.iter(f"{SVG}line") if "stroke-dasharray" in one.attrib]
    assert [float(one.attrib["y1"]) > 40 for one in goals] == [True]


def test_one_point_can_be_drawn() -> None:
    assert drawn(Chart("t", "x", "y", [Series("s", [(1, 5.0)])], dots=True)) is not None


@given(st.floats(1e-6, 1e9))
def test_a_nice_step_is_no_smaller_and_hardly_larger(step: float) -> None:
    found = nice(step)
    assert step * (1 - 1e-6) <= found <= step * 2.5 * (1 + 1e-6)
    assert round(found / 10 ** math.floor(math.log10(found)), 6) in {1, 2, 2.5, 5, 10}
