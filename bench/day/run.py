"""The day itself: list, campaign, calls; what it has come to is kept, so that it can be resumed."""

import csv
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import people
from bench.installation import Installation, Plan
from bench.meter import rss_mb
from bench.report import tell
from campaigns.campaign import Limits
from campaigns.errors import NotFound
from campaigns.states import CampaignState, TargetState
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.progress import Progress
from store import campaigns as kept
from store.engine import reading

CHANNELS = 1500
LOOK_S = 1.0
SAMPLE_S = 10.0
KILL_AT, STOP_AT = 0.25, 0.5
"""Shares of the list at which the dialer is killed and everything is stopped."""

_ENDED = {CampaignState.FINISHED, CampaignState.STOPPED}


class Interrupted(Exception):
    """Somebody asked the benchmark to end."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted."""

    targets: int
    rate: float
    seed: int = 1


@dataclass(slots=True)
class State:
    """What a later process must know.

    Attributes:
        order: as it was given first.
        seconds: spent so far, by every process that worked at it.
        killed: the dialer was killed and started again.
        stopped: everything was stopped and started again.
        interruptions: how often another process went on.
    """

    order: Order
    seconds: float = 0.0
    spent_on: dict[str, float] = field(default_factory=dict)
    killed: bool = False
    stopped: bool = False
    interruptions: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at one moment (epoch s); memory in MB; the segment counts the dialers."""

    at: float
    segment: int
    dialer_mb: float
    dialer_anon_mb: float
    pbx_mb: float
    network_mb: float
    done: int
    channels: int


class Day:
    """One run in one directory.

    Args:
        home: where; what was begun there is gone on with.
        order: what is wanted of a new one.
    """

    def __init__(self, home: Path, order: Order) -> None:
        self._file = home / "day.json"
        self._samples = home / "samples.csv"
        self.state = self._read(order)
        plan = Plan(CHANNELS, self.state.order.rate, "day", self.state.order.seed)
        self.site = Installation(home, plan)
        self.campaign = 0
        self._segment = max((one.segment for one in self.samples()), default=0)

    def _read(self, order: Order) -> State:
        if not self._file.exists():
            return State(order)
        plain = json.loads(self._file.read_text())
        state = State(**{**plain, "order": Order(**plain["order"])})
        state.interruptions += 1
        return state

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(asdict(self.state)))
        new.replace(self._file)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Count what something takes, also where it is interrupted."""
        begun = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - begun
            self.state.seconds += spent
            self.state.spent_on[what] = self.state.spent_on.get(what, 0.0) + spent
            self._write()

    def run(self) -> None:
        """Everything but the verdict."""
        self._write()
        with self.timed("list and campaign"):
            self.campaign = self._prepared()
        while self.progress.state not in _ENDED:
            with self.timed("calls"):
                self._call()

    def close(self) -> None:
        """End what still runs; the dialer waits for its calls, which nothing is to cut off."""
        self.site.end_dialer()
        self.site.close()

    @property
    def progress(self) -> Progress:
        """Where the campaign stands."""
        return people.progress(self.site, self.campaign)

    # The list and the campaign

    def _prepared(self) -> int:
        """The campaign, launched; made where an earlier process has not come so far."""
        campaign = self._known() or self._made()
        with reading(self.site.workspace.engine) as connection:
            row = kept.row(connection, self.site.controller, campaign)
        if row["state"] == CampaignState.DRAFT:
            people.start(self.site, campaign)
        return campaign

    def _known(self) -> int:
        try:
            with reading(self.site.workspace.engine) as connection:
                return kept.id_of(connection, self.site.controller, people.BY)
        except NotFound:
            return 0

    def _made(self) -> int:
        order = self.state.order
        file = self.site.home / "list.csv"
        with file.open("w") as stream:
            stream.writelines(people.sheet(order.targets))
        tell(f"importing {order.targets:,} people")
        with file.open("rb") as stream:
            report = import_list(
                self.site.workspace.engine,
                self.site.controller,
                stream,
                name=people.BY,
                file_name=file.name,
                provenance=people.PROVENANCE,
                by=people.BY,
            )
        if report.rejected:
            raise RuntimeError(f"{report.rejected} rows were rejected.")
        tell("preparing the campaign")
        return prepare_campaign(
            self.site.workspace,
            self.site.controller,
            people.values(people.BY, Limits(CHANNELS, order.rate)),
            [people.message(self.site)],
            [report.list_id],
            people.BY,
        )

    # The calls

    def _call(self) -> None:
        """Call until everybody is called, or until the middle, where everything stops."""
        self.site.open()
        self._start_dialer()
        state = self.state
        while (progress := self.progress).state not in _ENDED:
            self.site.check()
            self._sample(progress)
            share = 1 - progress.states.get(TargetState.PENDING.value, 0) / progress.targets
            if share >= KILL_AT and not state.killed:
                self._kill()
            if share >= STOP_AT and not state.stopped:
                state.stopped = True
                tell("stopping everything in the middle")
                break
            time.sleep(LOOK_S)
        self.site.end_dialer()
        self.site.supervisor.stop()
        self.site.end_network()

    def _start_dialer(self) -> None:
        self.site.start_dialer()
        self._segment += 1
        self._sampled = 0.0

    def _kill(self) -> None:
        tell("killing the dialer")
        self.site.end_dialer(signal.SIGKILL)
        self.state.killed = True
        self._start_dialer()

    def _sample(self, progress: Progress) -> None:
        if time.monotonic() - self._sampled < SAMPLE_S:
            return
        self._sampled = time.monotonic()
        pids = self.site.pids
        sample = Sample(
            round(time.time(), 2),
            self._segment,
            rss_mb(pids["dialer"]),
            rss_mb(pids["dialer"], "RssAnon"),
            rss_mb(pids["asterisk"]),
            rss_mb(pids["network"]),
            progress.done,
            progress.channels,
        )
        with self._samples.open("a", newline="") as stream:
            csv.writer(stream).writerow(asdict(sample).values())
        tell(
            f"{progress.done:,} done, {progress.channels} up, {progress.calls_per_second} calls/s, "
            f"dialer {sample.dialer_mb} MB, Asterisk {sample.pbx_mb} MB"
        )

    def samples(self) -> list[Sample]:
        """Everything seen so far, by every process."""
        if not self._samples.exists():
            return []
        with self._samples.open(newline="") as stream:
            return [_sample(row) for row in csv.reader(stream)]


def _sample(row: list[str]) -> Sample:
    at, segment, dialer, anon, pbx, network, done, channels = row
    return Sample(
        float(at),
        int(segment),
        float(dialer),
        float(anon),
        float(pbx),
        float(network),
        int(done),
        int(channels),
    )
