"""How many claims a second several dialers make together on one PostgreSQL, without a PBX."""

import multiprocessing
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.claims import BATCH, closing_of
from dialer.book import write_closings
from dialer.claim import Want, claim
from operations.workspace import open_workspace
from store import campaigns as kept
from store import turns
from store.disk import Disk
from store.engine import reading, writing


def per_second(home: Path, campaign_id: int, dialers: int, seconds: float) -> float:
    """Calls claimed, taken to the disk and closed again in each second, by so many processes."""
    with multiprocessing.get_context("spawn").Pool(dialers) as pool:
        begin = time.time() + 3.0  # when all have started
        told = [(home, campaign_id, f"claims-{n}", begin, begin + seconds) for n in range(dialers)]
        return sum(pool.starmap(_claimed, told)) / seconds


def _claimed(home: Path, campaign_id: int, node: str, begin: float, end: float) -> int:
    engine = open_workspace(home).engine
    with reading(engine) as connection:
        campaign = kept.by_id(connection, campaign_id)
    want = Want(campaign, BATCH, rehearsal=True, node=node)
    disk, count = Disk(engine), 0
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < end:
        with writing(engine, synchronised=False) as connection:
            turns.take(connection)
            done = claim(connection, want, datetime.now(UTC))
        disk.reach()
        with writing(engine, synchronised=False) as connection:
            turns.take(connection)
            write_closings(connection, [closing_of(campaign, taken) for taken in done.taken])
        count += len(done.taken)
    engine.dispose()
    return count
