"""`make chaos`: a campaign through real Asterisk while its parts are killed, cut off and stalled.

The faults come in an order and at moments that the seed decides. The campaign is then run to its
end and held against what the simulated network saw. docs/faults.md says what must come of each
fault. The last line is one JSON object; the exit code is 1 where a promise was broken.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chaos.faults import DATABASE, DIALER, LINK, PBX, Done
from bench.chaos.run import Order, run
from bench.chaos.verdict import Finding
from bench.postgres import Cluster, cluster
from dialer.instance.ports import free_ports

SHOWN = 12
"""Cases printed of what is wrong."""


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    home = Path(tempfile.mkdtemp(prefix="portevoix-chaos-"))
    home.chmod(0o755)
    try:
        with _server(given) as server:
            finding, done = run(home / "home", _order(given), _teller(time.monotonic()), server)
    finally:
        if given.keep:
            print(f"Kept: {home}", file=sys.stderr)
        else:
            shutil.rmtree(home, ignore_errors=True)
    show(finding, done)
    return 1 if finding.result.broken else 0


def _server(given: argparse.Namespace) -> AbstractContextManager[Cluster | None]:
    return cluster(quick=True, port=free_ports(calls=1).ami) if given.postgres else nullcontext()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--dialer-kills", type=int, default=100)
    parser.add_argument("--pbx-kills", type=int, default=20)
    parser.add_argument("--link-faults", type=int, default=100)
    parser.add_argument("--database-faults", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=70.0, help="calls per second (70)")
    parser.add_argument("--targets", type=int, default=0, help="people called; 0 for enough")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server")
    parser.add_argument("--keep", action="store_true", help="keep logs, ledger and database")
    return parser.parse_args(argv)


def _order(given: argparse.Namespace) -> Order:
    faults = {
        DIALER: given.dialer_kills,
        PBX: given.pbx_kills,
        LINK: given.link_faults,
        DATABASE: given.database_faults,
    }
    return Order(faults, given.seed, given.rate, given.targets)


def _teller(begun: float) -> Callable[[str], None]:
    def tell(what: str) -> None:
        print(f"{time.monotonic() - begun:8.1f} s  {what}", file=sys.stderr)

    return tell


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
