"""A campaign's progress as the page draws it: rows with a word, a count, a share and a colour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.language import Language
from campaigns.outcome import Outcome, Taken, taken
from campaigns.states import CampaignState, TargetState
from operations.progress import Progress

_STATES = (
    TargetState.REACHED,
    TargetState.UNREACHED,
    TargetState.REFUSED,
    TargetState.CANCELLED,
    TargetState.IN_DOUBT,
    TargetState.CALLING,
    TargetState.PENDING,
)
_GROUPS = tuple(
    (word, tuple(one for one in Outcome if taken(one) is group))
    for word, group in (
        ("answered", Taken.ANSWERED), ("not_answered", Taken.NOT_ANSWERED),
        ("not_theirs", Taken.OURS),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One bar.

    Attributes:
        name: our own name, which is its colour's too.
        word: for people.
        count: how many.
        share: of all, 0 to 1.
        start: where the bar begins when all are laid end to end, 0 to 1.
    """

    name: str
    word: str
    count: int
    share: float
    start: float


@dataclass(frozen=True, slots=True)
class Group:
    """Outcomes that belong together."""

    word: str
    count: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page draws of a campaign at one moment."""

    progress: Progress
    done: float
    states: tuple[Row, ...]
    outcomes: tuple[Group, ...]
    gates: tuple[Row, ...]

    @property
    def opted_out(self) -> int:
        """People who pressed 9."""
        return self.progress.outcomes.get(Outcome.OPTED_OUT.value, 0)

    @property
    def refused(self) -> int:
        """People a gate closed for good."""
        return self.progress.states.get(TargetState.REFUSED.value, 0)

    @property
    def waits_for_dialer(self) -> bool:
        """It should be calling, and nobody is there to do it."""
        progress = self.progress
        idle = progress.halted or progress.hold is not None
        return progress.state is CampaignState.RUNNING and not progress.dialing and not idle


def figures(progress: Progress, language: Language) -> Figures:
    """Draw a campaign's progress in a language."""
    ended = sum(progress.outcomes.values())
    refused = sorted(progress.gates, key=lambda gate: -progress.gates[gate])
    return Figures(
        progress=progress,
        done=progress.done / progress.targets if progress.targets else 0.0,
        states=_rows("target", _STATES, progress.states, progress.targets, language),
        outcomes=tuple(
            Group(language.word("outcomes", group), sum(row.count for row in rows), rows)
            for group, names in _GROUPS
            if (rows := _rows("outcome", names, progress.outcomes, ended, language))
        ),
        gates=_rows("gate", refused, progress.gates, sum(progress.gates.values()), language),
    )


def _rows(
    kind: str, names: Iterable[str], counts: Mapping[str, int], total: int, language: Language
) -> tuple[Row, ...]:
    rows: list[Row] = []
    start = 0.0
    for name in map(str, names):
        count = counts.get(name, 0)
        if count:
            share = count / total if total else 0.0
            rows.append(Row(name, language.word(kind, name), count, share, start))
            start += share
    return tuple(rows)
