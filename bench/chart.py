"""A chart of lines or dots as SVG: axes from zero, few marks, series named where they end. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 140, 48, 48
TONES = ("#1a5f7a", "#c2571a", "#5b7f2b")
INK, FAINT = "#333333", "#dddddd"
MARKS = 5
ABOUT_A_LABEL = 14.0


@dataclass(frozen=True, slots=True)
class Series:
    """One line."""

    name: str
    points: Sequence[tuple[float, float]]
    tone: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    Attributes:
        goal: y of a dashed line.
        log: x is drawn by its logarithm.
        dots: points are not joined.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series] = field(default_factory=list)
    goal: float | None = None
    log: bool = False
    dots: bool = False

    def svg(self) -> str:
        """The drawing, complete."""
        parts = [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                f'font-family="sans-serif" font-size="12" fill="{INK}">'
            ),
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            _text(LEFT, 24, self.title, size=15, weight="bold"),
            *self._y_axis(),
            *self._x_axis(),
            *self._goal(),
            *self._lines(),
            *self._names(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    @property
    def _top(self) -> float:
        """The y at the upper edge: a mark above everything."""
        highest = max((y for one in self.series for _, y in one.points), default=0.0)
        highest = max(highest, self.goal or 0.0) or 1.0
        step = nice(highest / MARKS)
        return step * math.ceil(highest * 1.02 / step)

    @property
    def _span(self) -> tuple[float, float]:
        xs = [self._scaled(x) for one in self.series for x, _ in one.points] or [0.0, 1.0]
        low, high = min(xs), max(xs)
        room = (high - low) * 0.04 if self.dots or self.log else 0.0
        return low - room, high + room if high > low else low + 1.0

    def _scaled(self, x: float) -> float:
        return math.log10(x) if self.log else x

    def _at_x(self, x: float) -> float:
        low, high = self._span
        return LEFT + (self._scaled(x) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def _at_y(self, y: float) -> float:
        return HEIGHT - BOTTOM - y / self._top * (HEIGHT - TOP - BOTTOM)

    def _y_axis(self) -> list[str]:
        step = nice(self._top / MARKS)
        marks = [step * n for n in range(int(self._top / step + 1e-9) + 1)]
        lines = [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self._at_y(mark):.1f}" '
            f'y2="{self._at_y(mark):.1f}" stroke="{FAINT}"/>'
            + _text(LEFT - 8, self._at_y(mark) + 4, number(mark), anchor="end")
            for mark in marks
        ]
        return [*lines, _text(LEFT, TOP - 8, self.y)]

    def _x_axis(self) -> list[str]:
        foot = HEIGHT - BOTTOM + 18
        marks = [_text(self._at_x(x), foot, number(x), anchor="middle") for x in self._marks_of_x()]
        middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
        return [*marks, _text(middle, HEIGHT - 10, self.x, anchor="middle")]

    def _marks_of_x(self) -> list[float]:
        xs = sorted({x for one in self.series for x, _ in one.points})
        if self.log or len(xs) <= MARKS + 1:
            return xs
        step = nice((xs[-1] - xs[0]) / MARKS)
        first = math.ceil(xs[0] / step)
        return [step * n for n in range(first, int(xs[-1] / step + 1e-9) + 1)]

    def _goal(self) -> list[str]:
        if self.goal is None:
            return []
        y = self._at_y(self.goal)
        return [
            (
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" '
                'stroke-dasharray="5 4"/>'
            ),
            _text(WIDTH - RIGHT + 8, y + 4, f"goal: {number(self.goal)}"),
        ]

    def _lines(self) -> list[str]:
        return [self._line(one) for one in self.series if one.points]

    def _line(self, one: Series) -> str:
        colour = TONES[one.tone]
        placed = [(self._at_x(x), self._at_y(y)) for x, y in one.points]
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in placed)
        if self.dots:
            return f'<g fill="{colour}">{dots}</g>'
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
        few = len(placed) <= 4 * MARKS
        return line + (f'<g fill="{colour}">{dots}</g>' if few else "")

    def _names(self) -> list[str]:
        """Beside the last point of each series, apart from one another."""
        wanted = [
            (self._at_y(one.points[-1][1]) + 4, one)
            for one in self.series
            if one.points and one.name
        ]
        if self.goal is not None:
            wanted.append((self._at_y(self.goal) + 4, Series("", [])))
        placed: list[str] = []
        below = -math.inf
        for y, one in sorted(wanted, key=lambda pair: pair[0]):
            below = max(y, below + ABOUT_A_LABEL)
            if one.name:
                placed.append(_text(WIDTH - RIGHT + 8, below, one.name, colour=TONES[one.tone]))
        return placed


def nice(step: float) -> float:
    """The next of 1, 2, 2.5 and 5 by a power of ten, not below `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(
        factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step * (1 - 1e-9)
    )


def number(value: float) -> str:
    """Short, as people read it."""
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def _text(
    x: float,
    y: float,
    text: str,
    anchor: str = "start",
    colour: str = INK,
    size: int = 12,
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}" font-weight="{weight}">{escape(text)}</text>'
    )
