"""`make bench-export`: a million attempts as CSV and XLSX, over HTTP, while the dialer calls.

Calls begin at a fixed rate from one campaign, in turns with nobody beside them and while a program
takes the attempts of another that is over. What the dialer reaches is what the far side saw. The
memory is the most that the API's process ever held, after a tenth of the rows and after all. The
last line is one JSON object; the exit code is 1 where a figure misses its goal.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench import people
from bench.climbers import CHANNELS
from bench.downloading import Taken
from bench.figures import Span, within
from bench.installation import Installation, Plan, end_in_order, installed
from bench.meter import rss_mb
from bench.report import finish, note, save, table, tell
from bench.service import Client, Service, serving
from campaigns.campaign import Limits
from rehearsal.ledger import read
from store.sqlite import driver as sqlite3

ROWS, RATE = 1_000_000, 100.0
TARGETS = 200_000
"""More than are called meanwhile."""

SECONDS = 30.0
"""Of each turn with nobody beside, one before and one after."""

WARM_S = 10.0
"""By then calls begin at the full rate (docs/pacing.md)."""

SETTLED_S = 4.0
"""From when an export begins or ends until it counts."""

FORMS = ("csv", "xlsx")

MOST_MEMORY = 1.2
LEAST_RATE = 0.99

_FILL = """
INSERT INTO contact_list (id, controller_id, name, file_name, sha256, state, basis, supplier,
    method, purposes, wordings, created_at, created_by)
VALUES ({id}, {controller}, 'past {rows}', 'l.csv', 'past {rows}', 'ready', 'consent', 's', 'm',
    '["political"]', '{{}}', 0, 'bench');
INSERT INTO campaign (id, controller_id, name, purpose, state, trunk, caller_id, message,
    message_ms, max_channels, max_cps, windows, evidence, ring_timeout_s, retry, pack, rehearsal,
    recordings, created_at, created_by)
VALUES ({id}, {controller}, 'past {rows}', 'political', 'finished', 'rehearsal', '+33199000001',
    'm', 5000, 30, 5, '[]', 'row', 25, '{{}}', 'fr-political', 1, '[]', 0, 'bench');
CREATE TEMP TABLE n AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
SELECT i, i + {first} AS id FROM n;
INSERT INTO contact (id, list_id, line, number, kind, zones, fictional, external_id, attributes,
    evidence)
SELECT id, {id}, i, printf('+337%08d', i), 'mobile', 'Europe/Paris', 0, 'A' || i, '{{}}', 'row'
FROM n;
INSERT INTO target (id, campaign_id, contact_id, number, zones, state, retry, due_at, attempts,
    tries)
SELECT id, {id}, id, printf('+337%08d', i), 'Europe/Paris', 'reached', 0, 0, 1, 0 FROM n;
INSERT INTO attempt (id, campaign_id, target_id, number, trunk, caller_id, node, pack, rehearsal,
    state, claimed_at, sent_at, ringing_at, answered_at, ended_at, outcome, cause, tech, heard_ms,
    quartile, keys, sip_call_id, cost)
SELECT printf('01JD%022d', id), {id}, id, printf('+337%08d', i), 'rehearsal', '+33199000001', 'n',
    'fr-political', 1, 'closed', 1700000000000 + i * 50, 1700000000010 + i * 50,
    1700000001300 + i * 50, 1700000005000 + i * 50, 1700000010000 + i * 50, 'delivered', 16,
    'SIP 200 OK', 4800, 4, '', printf('%032x@pbx', id), 4200 FROM n;
DROP TABLE n;
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is exported, beside how many calls.

    Attributes:
        rows: of the larger export; the smaller has a tenth.
        rate: calls started per second.
        seconds: of each turn with nobody beside.
    """

    rows: int
    rate: float
    targets: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured.

    Attributes:
        without: spans in which calls alone were placed.
        with_: the span of the larger export.
        small, large: what was taken.
        memory_mb: the most that the API held, after the smaller and after the larger.
    """

    without: Sequence[Span]
    with_: Span
    small: Sequence[Taken]
    large: Sequence[Taken]
    memory_mb: tuple[float, float]


def past(database: Path, controller_id: int, place: int, rows: int) -> int:
    """A campaign that is over, with so many attempts; its id.

    Args:
        database: an SQLite file in which nothing else is written meanwhile.
        controller_id: whose.
        place: 1, 2, ...: another each time.
        rows: at most ten million.
    """
    made = 1000 + place
    script = _FILL.format(id=made, controller=controller_id, rows=rows, first=place * 10_000_000)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(script)
        connection.commit()
    return made


def result(found: Found, starts: list[float], rows: int) -> dict[str, Any]:
    """The keys of the last line.

    Args:
        found: what was measured.
        starts: when each call began, in epoch seconds.
        rows: that were wanted of the larger export.
    """
    without = sum(len(within(starts, one)) for one in found.without) / sum(
        last - first for first, last in found.without
    )
    first, last = found.with_
    beside = len(within(starts, found.with_)) / (last - first)
    right = [one.rows == rows // 10 for one in found.small]
    right += [one.rows == rows for one in found.large]
    return {
        "rows": rows,
        "rows_per_second": min(one.rows / (one.ended - one.begun) for one in found.large),
        "memory_ratio": found.memory_mb[1] / found.memory_mb[0],
        "rate_without": without,
        "rate_with": beside,
        "rate_with_over_without": beside / without,
        "rows_right": all(right),
    }


def broken(found: dict[str, Any]) -> list[str]:
    """Figures that miss their goal."""
    held = {
        "rows_right": bool(found["rows_right"]),
        "memory_ratio": found["memory_ratio"] <= MOST_MEMORY,
        "rate_with_over_without": found["rate_with_over_without"] >= LEAST_RATE,
    }
    return [name for name, good in held.items() if not good]


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    wanted, kept_in = _arguments(argv)
    end_in_order()
    note(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} before")
    with installed(Plan(CHANNELS, 1000, people.LISTENS)) as site:
        found, starts = _measured(site, wanted)
    figures = result(found, starts, wanted.rows)
    missed = broken(figures)
    _show(figures, found, missed)
    if kept_in:
        detail = {"result": figures, "wanted": asdict(wanted), "found": asdict(found)}
        save(kept_in, "export", detail)
    finish(figures)
    return 1 if missed else 0


def _arguments(argv: list[str] | None) -> tuple[Wanted, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m bench.exporting", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rate", type=float, default=RATE, help="calls per second (100)")
    parser.add_argument("--targets", type=int, default=TARGETS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a turn alone (30)")
    parser.add_argument("--quick", action="store_true", help="few rows, short: a look")
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    given = vars(parser.parse_args(argv))
    kept_in, quick = given.pop("save"), given.pop("quick")
    wanted = Wanted(**given)
    return replace(wanted, rows=100_000, targets=20_000, seconds=8.0) if quick else wanted, kept_in


def _measured(site: Installation, wanted: Wanted) -> tuple[Found, list[float]]:
    """What was measured, and when every call began."""
    campaign = people.campaign(site, wanted.targets, Limits(CHANNELS, wanted.rate))
    ids = []
    for place, rows in enumerate((wanted.rows // 10, wanted.rows), start=1):
        tell(f"making {rows:,} attempts of a campaign that is over")
        ids.append(past(site.database, site.controller, place, rows))
    people.start(site, campaign)
    with serving(site, per_minute=600) as service:
        site.start_dialer()
        time.sleep(WARM_S)
        small = _exported(site, service, ids[0])
        before = rss_mb(service.pid, "VmHWM")
        alone = [_alone(site, wanted)]
        large = _exported(site, service, ids[1])
        after = rss_mb(service.pid, "VmHWM")
        alone.append(_alone(site, wanted))
    site.end_dialer()
    site.end_network()
    span = large[0].begun + SETTLED_S, large[-1].ended
    found = Found(alone, span, small, large, (before, after))
    return found, [call.invite_at for call in read(site.ledger)]


def _alone(site: Installation, wanted: Wanted) -> Span:
    tell(f"{wanted.rate:.0f} calls/s, nobody beside")
    begun = time.time() + SETTLED_S
    time.sleep(SETTLED_S + wanted.seconds)
    site.check()
    return begun, begun + wanted.seconds


def _exported(site: Installation, service: Service, campaign_id: int) -> list[Taken]:
    """Each form, one after the other, beside the calls."""
    tell(f"the attempts of campaign {campaign_id} are taken beside the calls")
    base = f"{service.url}/api/v1/campaigns/{campaign_id}/attempts"
    urls = [f"{base}.{form}" for form in FORMS]
    with closing(Client("bench.downloading", *urls, key=service.key)) as client:
        client.wait()
        client.tell((time.time(), time.time()))
        taken = [Taken(**one) for one in client.result()["taken"]]
    site.check()
    service.check()
    return taken


def _show(figures: dict[str, Any], found: Found, missed: list[str]) -> None:
    table(
        "Attempts exported beside the calls",
        ("form", "rows", "rows/s", "MB"),
        [
            (one.form, one.rows, one.rows / (one.ended - one.begun), one.size / 1e6)
            for one in (*found.small, *found.large)
        ],
    )
    rows = [(name, value, "missed" if name in missed else "") for name, value in figures.items()]
    table("What either costs the other", ("figure", "value", ""), rows)


if __name__ == "__main__":
    sys.exit(main())
