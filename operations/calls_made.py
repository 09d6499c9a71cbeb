"""What became of calls, minute by minute and second by second: counted once, then kept.

Counts over rows take a second for a million calls. So each process that shows them counts a call
once: what was claimed so long ago that its call must be over is added to sums that stay in memory,
and only the last minutes are read again. A look never takes longer than `LONGEST_LOOK_S`; one that
has not come to the end says so, and the next one goes on from there.
"""

import time
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import Engine

from campaigns.outcome import ANSWERED, Outcome
from store import calls_made
from store.calls_made import MINUTE_MS, Some
from store.engine import reading

AT_ONCE = 20_000
"""Calls summed up in one transaction, which takes some 20 ms."""

LONGEST_LOOK_S = 0.4
_MARGIN = timedelta(seconds=60)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Made:
    """Sums over ended calls.

    Attributes:
        outcomes: calls by (minute since the epoch, outcome).
        heard: answered calls by whole seconds heard.
        keys: calls by what was pressed in them.
        variants: calls by (variant, outcome); the campaign's own message is the empty variant.
        rang, delay_ms: by minute, calls that rang, and how long they took to, in all.
        talked, talk_ms: by minute, answered calls, and how long they lasted, in all.
        whole: every call there is was looked at.
    """

    outcomes: Counter[tuple[int, str]] = field(default_factory=Counter)
    heard: Counter[int] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    variants: Counter[tuple[str, str]] = field(default_factory=Counter)
    rang: Counter[int] = field(default_factory=Counter)
    delay_ms: Counter[int] = field(default_factory=Counter)
    talked: Counter[int] = field(default_factory=Counter)
    talk_ms: Counter[int] = field(default_factory=Counter)
    whole: bool = True

    def add(self, found: Iterable[Some]) -> None:
        """Take in more calls."""
        for one in found:
            self.outcomes[one.minute, one.outcome] += one.calls
            self.variants[one.variant or "", one.outcome] += one.calls
            if one.heard_s is not None and one.outcome in ANSWERED:
                self.heard[one.heard_s] += one.calls
            if one.keys:
                self.keys[one.keys] += one.calls
            self.rang[one.minute] += one.rang
            self.delay_ms[one.minute] += one.delay_ms
            self.talked[one.minute] += one.talked
            self.talk_ms[one.minute] += one.talk_ms

    def since(self, minute: int) -> "Made":
        """What is known by the minute, of those from that one on."""
        found = Made(whole=self.whole)
        found.outcomes.update({key: n for key, n in self.outcomes.items() if key[0] >= minute})
        for ours, theirs in zip(found._by_minute, self._by_minute, strict=True):
            ours.update({at: many for at, many in theirs.items() if at >= minute})
        return found

    def join(self, other: "Made") -> None:
        """Take in the calls of another campaign, as far as they are known by the minute."""
        self.outcomes.update(other.outcomes)
        for ours, theirs in zip(self._by_minute, other._by_minute, strict=True):  # noqa: SLF001
            ours.update(theirs)
        self.whole = self.whole and other.whole

    @property
    def _by_minute(self) -> tuple[Counter[int], ...]:
        return self.rang, self.delay_ms, self.talked, self.talk_ms

    @property
    def calls(self) -> int:
        """How many."""
        return self.outcomes.total()

    @property
    def answered(self) -> int:
        """How many of them were answered."""
        return sum(many for (_, outcome), many in self.outcomes.items() if outcome in ANSWERED)

    @property
    def silent(self) -> int:
        """How many of those heard nothing."""
        return self._of(Outcome.SILENT_CALL)

    @property
    def opted_out(self) -> int:
        """In how many of those 9 was pressed."""
        return self._of(Outcome.OPTED_OUT)

    @property
    def answer_seizure_ratio(self) -> float | None:
        """Answered over ended calls, 0 to 1; None before the first (ITU-T E.425)."""
        return self.answered / self.calls if self.calls else None

    @property
    def post_dial_delay_s(self) -> float | None:
        """From sending to ringing, on average (ITU-T E.721); None where none rang."""
        rang = self.rang.total()
        return self.delay_ms.total() / rang / 1000 if rang else None

    @property
    def duration_s(self) -> float | None:
        """From answer to end, on average; None where none was answered."""
        talked = self.talked.total()
        return self.talk_ms.total() / talked / 1000 if talked else None

    def listening(self, seconds: int) -> list[int]:
        """How many still listened at each second, from 0 to `seconds`."""
        left, found = self.heard.total(), []
        for second in range(seconds + 1):
            found.append(left)
            left -= self.heard[second]
        return found

    def _of(self, outcome: Outcome) -> int:
        return sum(many for (_, one), many in self.outcomes.items() if one == outcome)


@dataclass(slots=True)
class _Kept:
    """One campaign's calls so far: settled ones in `sums`, of those claimed up to `until`."""

    until: datetime
    sums: Made = field(default_factory=Made)
    ended: bool = False
    lock: Lock = field(default_factory=Lock)


class CallsMade:
    """Sums of campaigns, as this process knows them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bool], _Kept] = {}
        self._lock = Lock()

    def of_campaign(self, engine: Engine, campaign_id: int, longest_s: int, *, ended: bool) -> Made:
        """All calls of a campaign.

        Args:
            engine: the store.
            campaign_id: which; whoever asks has made sure that it is theirs.
            longest_s: after which the PBX ends any call of it.
            ended: it places no more; once it does not, all is counted anew, as calls that were
                long in doubt may have been settled since.
        """
        return self._look(engine, campaign_id, longest_s, None, ended=ended)

    def lately(self, engine: Engine, campaign_id: int, longest_s: int, since: datetime) -> Made:
        """The calls of a campaign from the minute of an instant on, as they are known by it."""
        found = self._look(engine, campaign_id, longest_s, since, ended=False)
        return found.since(minute_of(since))

    def _look(
        self,
        engine: Engine,
        campaign_id: int,
        longest_s: int,
        since: datetime | None,
        *,
        ended: bool,
    ) -> Made:
        kept = self._of(campaign_id, since, ended=ended)
        over = datetime.now(UTC) - timedelta(seconds=longest_s) - _MARGIN
        deadline = time.monotonic() + LONGEST_LOOK_S
        with kept.lock:
            kept.until, whole = _walk(engine, campaign_id, kept.sums, kept.until, over, deadline)
            if since is not None:
                kept.sums = kept.sums.since(minute_of(since))
            found = deepcopy(kept.sums)
            begin = max(kept.until, over) if whole else kept.until
        now = datetime.now(UTC)
        _, found.whole = (
            _walk(engine, campaign_id, found, begin, now, deadline) if whole else (now, False)
        )
        return found

    def _of(self, campaign_id: int, since: datetime | None, *, ended: bool) -> _Kept:
        begin = since or _BEGINNING
        with self._lock:
            key = campaign_id, since is None
            kept = self._kept.get(key)
            if kept is None or (ended and not kept.ended):
                kept = self._kept[key] = _Kept(begin, ended=ended)
            return kept


def minute_of(at: datetime) -> int:
    """In which minute since the epoch that is."""
    return int(at.timestamp() * 1000) // MINUTE_MS


def _walk(
    engine: Engine, campaign_id: int, sums: Made, after: datetime, until: datetime, deadline: float
) -> tuple[datetime, bool]:
    """Add the calls between two instants; how far it came, and whether that is the end."""
    while time.monotonic() < deadline:
        with reading(engine) as connection:
            found, last = calls_made.stretch(connection, campaign_id, after, until, AT_ONCE)
        if last is None:
            return after, True
        sums.add(found)
        after = last
    return after, False
