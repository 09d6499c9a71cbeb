"""`make chaos`: a campaign through real Asterisk while its parts are killed, cut off and stalled.

The faults come in an order and at moments that the seed decides. The campaign is then run to its
end and held against what the simulated network saw. docs/faults.md says what must come of each
fault. The last line is one JSON object; the exit code is 1 where a promise was broken.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chaos.faults import DATABASE, DIALER, LINK, PBX, Done, Faults, Standstill
from bench.chaos.site import Site
from bench.chaos.verdict import Finding, judge
from campaigns.states import TargetState

CALLS_PER_FAULT = {DIALER: 120, PBX: 350, LINK: 150, DATABASE: 120}
"""People called while one fault is injected and recovered from, so that some are always left."""

UNSETTLED = (TargetState.PENDING.value, TargetState.CALLING.value)
SHOWN = 12
LOOK_S = 1.0
STUCK_S = 180.0


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    home = Path(tempfile.mkdtemp(prefix="portevoix-chaos-"))
    home.chmod(0o755)
    try:
        finding, details = run(home / "home", given)
    finally:
        if given.keep:
            print(f"Kept: {home}", file=sys.stderr)
        else:
            shutil.rmtree(home, ignore_errors=True)
    show(finding, details)
    return 1 if finding.result.broken else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--dialer-kills", type=int, default=100)
    parser.add_argument("--pbx-kills", type=int, default=20)
    parser.add_argument("--link-faults", type=int, default=100)
    parser.add_argument("--database-faults", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=20.0, help="calls per second (20)")
    parser.add_argument("--targets", type=int, default=0, help="people called; 0 for enough")
    parser.add_argument("--keep", action="store_true", help="keep logs, ledger and database")
    return parser.parse_args(argv)


def run(home: Path, given: argparse.Namespace) -> tuple[Finding, Done]:
    """One run in a fresh directory."""
    wanted = {
        DIALER: given.dialer_kills,
        PBX: given.pbx_kills,
        LINK: given.link_faults,
        DATABASE: given.database_faults,
    }
    targets = given.targets or sum(CALLS_PER_FAULT[kind] * n for kind, n in wanted.items()) + 500
    begun = time.monotonic()
    site = Site(home, given.seed)
    try:
        site.open()
        campaign = site.launch(targets, given.rate)
        site.start_dialer()
        faults = Faults(site, random.Random(given.seed), lambda: _left(site, campaign) > 0)
        try:
            faults.await_calls(20)
            faults.run(wanted, _teller(sum(wanted.values()), begun))
            _finish(site, campaign)
        except Standstill as error:
            faults.done.wrongs.append(str(error))
        if site.end_dialer():
            faults.done.wrongs.append("the last dialer did not end in order")
        site.end_network()
        finding = judge(site, campaign, faults.done, given.seed, time.monotonic() - begun)
        _tell_exits(site)
        return finding, faults.done
    finally:
        site.close()


def _teller(total: int, begun: float) -> Callable[[Done], None]:
    def tell(done: Done) -> None:
        seconds = time.monotonic() - begun
        print(f"{seconds:7.1f} s  {sum(done.counts.values())}/{total}", end="\r", file=sys.stderr)

    return tell


def _left(site: Site, campaign: int) -> int:
    """People who are not called yet, or not for the last time."""
    return site.progress(campaign).states.get(TargetState.PENDING.value, 0)


def _finish(site: Site, campaign: int) -> None:
    """Leave the engine alone until it is done.

    Raises:
        Standstill: it does not come to its end.
    """
    before, since = "", time.monotonic()
    while True:
        site.tend()
        states = site.progress(campaign).states
        if not any(states.get(name, 0) for name in UNSETTLED):
            return
        if str(states) != before:
            before, since = str(states), time.monotonic()
        if time.monotonic() - since > STUCK_S:
            raise Standstill(f"The campaign stays where it is: {states}.")
        time.sleep(LOOK_S)


def _tell_exits(site: Site) -> None:
    for one in site.exits:
        print(f"A dialer ended by itself ({one.code}): {one.said}", file=sys.stderr)


def show(finding: Finding, done: Done) -> None:
    """The table, the cases behind what is wrong, and the JSON line."""
    console = Console(width=100)
    table = Table("fault", "times", title="What was done")
    for name, count in sorted(done.details.items()):
        table.add_row(name, str(count))
    console.print(table)
    table = Table("what", "count", "kept", title="What became of the campaign")
    broken = finding.result.broken
    for name, value in asdict(finding.result).items():
        table.add_row(name, str(value), "no" if name in broken else "")
    console.print(table)
    for name, cases in finding.cases.items():
        for case in cases[:SHOWN]:
            console.print(f"{name}: {case}", markup=False)
    print(json.dumps(asdict(finding.result)))


if __name__ == "__main__":
    sys.exit(main())
