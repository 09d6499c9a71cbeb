"""What a claim takes, and what memory the dialer, by the number of targets."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from bench import people
from bench.figures import percentile
from bench.installation import Installation, Plan, installed
from bench.meter import rss_mb
from bench.report import table, tell
from campaigns.campaign import Campaign, Limits
from dialer import outcomes
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Taken, Want, claim
from dialer.events import CallEnded, HungUp
from dialer.upkeep import CARRY_EVERY_S
from operations import priority
from store import campaigns as kept
from store.disk import Disk
from store.engine import carry_over, reading, writing
from store.sqlite import driver as sqlite3

SIZES = (10_000, 1_000_000, 6_000_000)
BATCH = 50
BATCHES = 600
PAUSE_S = 0.03
"""Between two claims: some 25 of 50 calls a second are eight times what one machine can call."""

DIALED_SHARE = 0.8
"""Of the targets, before all are made anew: the last claims of a list find nobody."""

RSS_RATE, RSS_S = 50.0, 20.0


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size.

    Attributes:
        claim_ms: each claim of a batch with its commit; `disk_ms` what its calls then waited for
            the disk; `closing_ms` each batch of ends.
        rss_mb: the dialer's largest memory while it calls; `anon_mb` without mapped files.
    """

    targets: int
    fill_s: float
    file_mb: float
    claim_ms: list[float]
    disk_ms: list[float]
    closing_ms: list[float]
    rss_mb: float
    anon_mb: float

    @property
    def claim_p99_ms(self) -> float:
        """What 99 of 100 claims do not exceed."""
        return percentile(self.claim_ms, 0.99)


def claims(sizes: Sequence[int]) -> list[Size]:
    """Measure at each size, in a database of its own."""
    return [_measured(size) for size in sizes]


def _measured(targets: int) -> Size:
    with installed(Plan(channels=500)) as site:
        tell(f"filling {targets:,} targets")
        begun = time.monotonic()
        campaign = people.campaign(site, targets, Limits(500, RSS_RATE), suppressed=True)
        people.start(site, campaign)
        fill_s = time.monotonic() - begun
        _settle(site)
        tell(f"claiming {BATCHES} batches of {BATCH}")
        with _log_carried_over(site.workspace.engine):
            timed = _claimed(site, campaign, int(targets * DIALED_SHARE) // BATCH)
        tell("the dialer's memory")
        rss, anon = _memory(site)
        file_mb = site.database.stat().st_size / 1e6
        return Size(targets, fill_s, file_mb, *timed, rss, anon)


def _settle(site: Installation) -> None:
    """Have what was filled on the disk, and this process go first as the dialer does."""
    with site.database.open("rb") as file:
        os.fsync(file.fileno())
    priority.in_real_time(priority.DIALER)


@contextmanager
def _log_carried_over(engine: Engine) -> Iterator[None]:
    """Look after the log of the database as the dialer does, on a thread beside the claims."""
    over = threading.Event()

    def keep() -> None:
        priority.step_back()
        while not over.wait(CARRY_EVERY_S):
            carry_over(engine)

    beside = threading.Thread(target=keep)
    beside.start()
    try:
        yield
    finally:
        over.set()
        beside.join()


def _claimed(
    site: Installation, campaign_id: int, at_once: int
) -> tuple[list[float], list[float], list[float]]:
    """Claim batch after batch, closing each as calls end: (claims, disk, closings) in ms.

    Args:
        site: where.
        campaign_id: whose.
        at_once: batches before everybody is made callable again.
    """
    engine = site.workspace.engine
    with reading(engine) as connection:
        campaign = kept.by_id(connection, campaign_id)
    want = Want(campaign, BATCH, rehearsal=True, node="bench")
    disk = Disk(engine)
    claim_ms: list[float] = []
    disk_ms: list[float] = []
    closing_ms: list[float] = []
    for number in range(BATCHES):
        if number and number % at_once == 0:
            people.forget(site)
        with _timed(claim_ms), writing(engine, synchronised=False) as connection:
            done = claim(connection, want, datetime.now(UTC))
        with _timed(disk_ms):
            disk.reach()
        if len(done.taken) < BATCH:
            raise RuntimeError(f"Claim {number} found {len(done.taken)} targets only.")
        closings = [closing_of(campaign, taken) for taken in done.taken]
        with _timed(closing_ms), writing(engine, synchronised=False) as connection:
            write_closings(connection, closings)
        time.sleep(PAUSE_S)
    disk.close()
    return claim_ms, disk_ms, closing_ms


@contextmanager
def _timed(into: list[float]) -> Iterator[None]:
    """Note how many milliseconds something takes."""
    begun = time.perf_counter()
    yield
    into.append((time.perf_counter() - begun) * 1000)


def closing_of(campaign: Campaign, taken: Taken) -> outcomes.Closing:
    """The end of a call that heard the message; one in thirty refused."""
    now = datetime.now(UTC)
    ms = round(now.timestamp() * 1000)
    call = Call(taken.attempt, campaign, taken.attempts, taken.tries, sent_at=now, ringing_at=now)
    call.opted_out = taken.attempt.target_id % 30 == 0
    call.ended = CallEnded(
        taken.attempt.id,
        ms,
        ms - 5000,
        16,
        "SIP 200 OK",
        f"{taken.attempt.id}@bench",
        "played",
        campaign.message_ms,
        100,
        100,
        "9" if call.opted_out else "",
    )
    return outcomes.closed(call, HungUp(taken.attempt.id, 16, 0), now)


def _memory(site: Installation) -> tuple[float, float]:
    """The most that the dialer holds while it calls."""
    pid = site.start_dialer()
    until = time.monotonic() + RSS_S
    most = anon = 0.0
    while time.monotonic() < until:
        site.check()
        most, anon = max(most, rss_mb(pid)), max(anon, rss_mb(pid, "RssAnon"))
        time.sleep(0.5)
    with closing(sqlite3.connect(site.database)) as connection:
        (calls,) = connection.execute("SELECT count(*) FROM attempt WHERE sent_at > 0").fetchone()
    if not calls:
        raise RuntimeError("The dialer has called nobody.")
    return most, anon


def result(sizes: Sequence[Size]) -> dict[str, Any]:
    """The keys of `make bench`."""
    return {
        "claim_p99_ms": {str(one.targets): one.claim_p99_ms for one in sizes},
        "disk_p99_ms": {str(one.targets): percentile(one.disk_ms, 0.99) for one in sizes},
        "dialer_rss_mb": {str(one.targets): one.rss_mb for one in sizes},
    }


def show(sizes: Sequence[Size]) -> None:
    """Print them."""
    table(
        f"Claims of {BATCH}, every gate, with their commit; ends of as many calls between them",
        (
            "targets",
            "fill s",
            "file MB",
            "claim p50",
            "p99 ms",
            "disk p99",
            "ends p50",
            "p99",
            "RSS MB",
            "anon",
        ),
        [
            (
                one.targets,
                one.fill_s,
                one.file_mb,
                percentile(one.claim_ms, 0.5),
                one.claim_p99_ms,
                percentile(one.disk_ms, 0.99),
                percentile(one.closing_ms, 0.5),
                percentile(one.closing_ms, 0.99),
                one.rss_mb,
                one.anon_mb,
            )
            for one in sizes
        ],
    )


def detail(sizes: Sequence[Size]) -> list[dict[str, Any]]:
    """Everything, to be drawn."""
    return [asdict(one) for one in sizes]
