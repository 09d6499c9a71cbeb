"""A campaign's progress: a live picture on a terminal, a plain line now and then elsewhere."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Protocol

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from campaigns.money import shown
from campaigns.stages import Cause
from cli.console import aside, figure, local, note
from operations.hold import Held
from operations.progress import Progress
from store.halts import Halt

EVERY_S = 5.0
"""Between plain lines."""

STYLES = {
    "delivered": "green",
    "opted_out": "magenta",
    "transferred": "cyan",
    "machine_message_left": "green",
    "hung_up_early": "yellow",
    "busy": "blue",
    "no_answer": "blue",
    "in_doubt": "bold red",
}
"""Colour of an outcome, beside its word."""


class Display(Protocol):
    """Something that shows progress, within a `with`."""

    def __enter__(self) -> "Display": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, progress: Progress, waiting: str) -> None:
        """Show one moment; `waiting` says what keeps calls from starting, or is empty."""


def display_for_here() -> Display:
    """A live picture where the error stream is a terminal, lines elsewhere."""
    return LivePicture() if aside().is_terminal else Lines()


class Lines:
    """One line every few seconds, and one at each change of state."""

    def __init__(self) -> None:
        self._state = ""
        self._next = monotonic()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put away."""

    def show(self, progress: Progress, waiting: str) -> None:
        """Print a line where it is time for one."""
        now = monotonic()
        if now >= self._next or progress.state != self._state:
            self._state, self._next = progress.state, now + EVERY_S
            note(f"{datetime.now().astimezone():%H:%M:%S} " + line(progress, waiting))


class LivePicture:
    """A bar, what is up, and outcomes, redrawn in place."""

    def __init__(self) -> None:
        self._live = Live(console=aside(), auto_refresh=False)

    def __enter__(self) -> "LivePicture":
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, progress: Progress, waiting: str) -> None:
        """Redraw."""
        self._live.update(_picture(progress, waiting), refresh=True)


def line(progress: Progress, waiting: str) -> str:
    """Everything worth knowing of a moment, in one line."""
    parts = [
        f"{progress.state} {_done(progress)}",
        _channels(progress),
        _rate(progress),
        ", ".join(f"{name} {figure(many)}" for name, many in _ranked(progress.outcomes)),
        _money(progress),
        waiting or _finish(progress),
    ]
    return " · ".join(part for part in parts if part)


def standing(progress: Progress, stopped: Halt | None) -> Iterator[str]:
    """What a person should know of a campaign beside its figures: stop, hold, stage."""
    if stopped is not None:
        why = f": {stopped.reason}" if stopped.reason else ""
        yield f"everything is stopped since {local(stopped.at)}, by {stopped.by}{why}"
    if progress.hold is not None:
        yield held(progress.hold)
    if progress.stage < len(progress.stages):
        yield (
            f"stage {progress.stage + 1} of {len(progress.stages) + 1}: "
            f"{figure(progress.begun)} of {figure(progress.stages[progress.stage])} people called"
        )
    if progress.budget_reached:
        yield "at its budget: it waits for a higher one, or for calls that cost less than feared"
    if progress.transfers_closed:
        yield "nobody can be put through: the trunk for it cannot be used (portevoix trunk list)"
    yield from _deadline(progress)


def _deadline(progress: Progress) -> Iterator[str]:
    """Whether everybody will have been called in time."""
    if progress.finish_by is None or progress.ended_at is not None:
        return
    asked = f"finish by {local(progress.finish_by)}"
    if progress.deadline_met is not False:
        rate = progress.needed_cps
        yield f"{asked}: needs {rate:.2g} calls/s" if rate else asked
    elif progress.first_calls_done_at is not None:
        done = local(progress.first_calls_done_at)
        yield f"{asked} cannot be met: at its limits it will be done at {done} at the earliest"
    else:
        yield f"{asked} cannot be met"


def held(hold: Held) -> str:
    """Why a campaign waits for a person."""
    if hold.measure is Cause.RESTORED:
        return f"held: restored from a backup, calls since {local(hold.at)} may not be known"
    return (
        f"held since {local(hold.at)}: {hold.measure} {hold.share:.1%} of {figure(hold.calls)} "
        f"calls, over {hold.bound:.1%}"
    )


def _picture(progress: Progress, waiting: str) -> Group:
    top = Table.grid(expand=True)
    top.add_column(no_wrap=True)
    top.add_column(justify="right")
    name = Text(progress.name, style="bold").append(f"  {progress.state}", style="dim")
    top.add_row(name, Text(waiting or _finish(progress)))
    middle = Table.grid(expand=True, padding=(0, 2, 0, 0))
    middle.add_column(ratio=1)
    middle.add_column(justify="right", no_wrap=True)
    bar = ProgressBar(total=max(progress.targets, 1), completed=progress.done)
    middle.add_row(bar, Text(_done(progress)))
    told = (_channels(progress), _rate(progress), _money(progress))
    figures = Text("   ").join([Text(one) for one in told if one])
    return Group(top, middle, figures, _outcomes(progress))


def _outcomes(progress: Progress) -> Text:
    words = [
        Text(f"{name} {figure(many)}", style=STYLES.get(name, ""))
        for name, many in _ranked(progress.outcomes)
    ]
    return Text("  ").join(words)


def _done(progress: Progress) -> str:
    share = progress.done / progress.targets if progress.targets else 1.0
    return f"{figure(progress.done)} of {figure(progress.targets)} people done ({share:.0%})"


def _money(progress: Progress) -> str:
    """What was spent of the budget, where there is one."""
    if progress.money.budget is None:
        return ""
    return f"{shown(progress.money.spent)} of {shown(progress.money.budget)} spent"


def _channels(progress: Progress) -> str:
    return f"{figure(progress.channels)} of {figure(progress.max_channels)} calls up"


def _rate(progress: Progress) -> str:
    return f"{progress.calls_per_second:.1f} of {progress.max_cps:g} calls/s"


def _finish(progress: Progress) -> str:
    if progress.finish_at is None:
        return ""
    here = progress.finish_at.astimezone()
    return f"done about {here:%H:%M:%S}" if _soon(here) else f"done about {here:%d %b %H:%M}"


def _soon(at: datetime) -> bool:
    return at - datetime.now(at.tzinfo) < timedelta(hours=12)


def _ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
