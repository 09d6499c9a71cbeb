"""How soon a refusal holds while calls go on and a long list is imported."""

import math
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import people
from bench.climbers import CHANNELS
from bench.figures import Span, percentile, rate, within
from bench.installation import Installation, Plan, installed
from bench.meter import Meter
from bench.report import note, table, tell
from campaigns.campaign import Limits
from rehearsal.ledger import LedgerCall, read
from store.sqlite import driver as sqlite3

LOOK_S = 0.004
"""Between two looks whether a suppression can be read: the precision of what is measured."""

WARM_S, BEFORE_S, TAIL_S = 8.0, 20.0, 4.0
IMPORT_FROM = 3_000_000
"""The first number of the imported list: none of those that are called."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was seen.

    Attributes:
        rows: of the list imported meanwhile; `import_s` what it took.
        pressed: keys released while it was imported.
        p50_ms, p99_ms, worst_ms: from the release of the key until a reader of the database, which
            looks every 4 ms, sees the number suppressed.
        rate_before, rate_during: calls started per second.
        idle_share: of all cores during the import.
    """

    wanted_rate: float
    rows: int
    import_s: float
    pressed: int
    unseen: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    rate_before: float
    rate_during: float
    idle_share: float

    def result(self) -> dict[str, Any]:
        """The keys of `make bench`."""
        return {
            "optout_p99_ms": self.p99_ms,
            "optout_rate": self.rate_before,
            "rate_while_importing": self.rate_during / self.rate_before,
        }

    def detail(self) -> dict[str, Any]:
        """Everything, to be kept."""
        return asdict(self)

    def show(self) -> None:
        """Print them."""
        table(
            f"Refusals in force, at {self.wanted_rate:.0f} calls/s, {self.rows:,} rows imported",
            ("keys", "p50 ms", "p99 ms", "worst ms", "calls/s before", "during", "idle share"),
            [
                (
                    self.pressed,
                    self.p50_ms,
                    self.p99_ms,
                    self.worst_ms,
                    self.rate_before,
                    self.rate_during,
                    self.idle_share,
                )
            ],
        )
        note(f"the import took {self.import_s:.0f} s beside the calls; {self.unseen} never seen")


class Watch:
    """Notes when suppressions become visible to a connection that only reads."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self._last = 0
        self.seen: dict[str, float] = {}

    def look_until(self, over: Callable[[], bool]) -> None:
        """Look again and again."""
        while not over():
            rows = self._connection.execute(
                "SELECT id, number FROM suppression WHERE id > ? ORDER BY id", (self._last,)
            ).fetchall()
            now = time.time()
            for self._last, number in rows:
                self.seen.setdefault(number, now)
            time.sleep(LOOK_S)

    def look_for(self, seconds: float) -> None:
        """Look for so long."""
        until = time.monotonic() + seconds
        self.look_until(lambda: time.monotonic() >= until)

    def close(self) -> None:
        """Look no more."""
        self._connection.close()


def optouts(per_second: float, rows: int) -> Refusals:
    """Call, import, and see how soon refusals hold."""
    with installed(Plan(CHANNELS, 1000, people.REFUSES)) as site:
        file = site.home / "imported.csv"
        with file.open("w") as stream:
            stream.writelines(people.sheet(rows, IMPORT_FROM))
        enough = int(per_second * (BEFORE_S + 60 + rows / 2000))
        campaign = people.campaign(site, enough, Limits(CHANNELS, per_second))
        people.start(site, campaign)
        site.start_dialer()
        with closing(Watch(site.database)) as watch:
            return _watched(site, watch, file, per_second, rows)


def _watched(
    site: Installation, watch: Watch, file: Path, per_second: float, rows: int
) -> Refusals:
    tell(f"{per_second:.0f} calls/s for {BEFORE_S:.0f} s, then {rows:,} rows are imported")
    watch.look_for(WARM_S)
    begun = time.time()
    watch.look_for(BEFORE_S)
    meter, during = Meter(site.pids), time.time()
    arguments = map(str, (site.home, site.controller, file))
    importing = subprocess.Popen([sys.executable, "-m", "bench.importing", *arguments])
    watch.look_until(lambda: importing.poll() is not None)
    ended, used = time.time(), meter.read()
    watch.look_for(TAIL_S)
    if importing.returncode:
        raise RuntimeError("The import failed.")
    site.check()
    site.end_dialer()
    site.end_network()
    calls = read(site.ledger)
    waits = _waits(calls, watch.seen, (during, ended))
    starts = [call.invite_at for call in calls]
    seen = [one for one in waits if math.isfinite(one)]
    return Refusals(
        wanted_rate=per_second,
        rows=rows,
        import_s=ended - during,
        pressed=len(waits),
        unseen=len(waits) - len(seen),
        p50_ms=percentile(waits, 0.5) * 1000,
        p99_ms=percentile(waits, 0.99) * 1000,
        worst_ms=max(waits, default=math.nan) * 1000,
        rate_before=rate(starts, (begun, during)),
        rate_during=rate(starts, (during, ended)),
        idle_share=used.idle_share,
    )


def _waits(calls: list[LedgerCall], seen: dict[str, float], span: Span) -> list[float]:
    """Seconds from the release of each key in a span until its number was seen suppressed."""
    pressed = {
        call.number: min(key.end for key in call.keys if key.digit == "9")
        for call in calls
        if any(key.digit == "9" for key in call.keys)
    }
    counted = set(within(pressed.values(), span))
    return [seen.get(number, math.inf) - at for number, at in pressed.items() if at in counted]
