"""`make bench-cluster`: three dialers with three Asterisks on one PostgreSQL.

Millions of people are loaded, a hundred thousand are called, and all the while dialers are killed,
stopped and started, some of them with their Asterisk. What the simulated network saw is then held
against the record, and the limits against the sum of all calls. The last line is one JSON object;
the exit code is 1 where a promise was broken.
"""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import people
from bench.cluster import claiming
from bench.cluster.run import Order, run
from bench.cluster.site import Site
from bench.cluster.verdict import Finding, judge
from bench.postgres import cluster
from bench.report import finish, note, save, table, tell
from campaigns.campaign import Limits
from campaigns.states import Action

LIMITS = Limits(max_channels=240, max_cps=60)
POPULATION = str(Path(__file__).parents[1] / "chaos" / "population.toml")
_SERVER = "-c shared_buffers=1GB -c max_wal_size=8GB -c checkpoint_timeout=15min"
_KEPT_AT_ZERO = (
    "called_twice", "limit_overshoot", "lost_targets", "lost_optouts", "wrong_outcomes",
    "unexplained_doubts",
)  # fmt: skip
SHOWN = 12
CLAIMED_S = 10.0


def main() -> int:
    given = _arguments()
    home = Path(tempfile.mkdtemp(prefix="portevoix-cluster-"))
    home.chmod(0o711)
    try:
        with cluster(options=_SERVER) as server:
            url = server.url.render_as_string(hide_password=False)
            finding, claims = _measured(home / "home", url, given)
    finally:
        if not given.keep:
            shutil.rmtree(home, ignore_errors=True)
    result = {**finding.result, "claims_per_second": claims}
    broken = [name for name in _KEPT_AT_ZERO if result[name]]
    shown = [
        (name, _plain(value), "broken" if name in broken else "") for name, value in result.items()
    ]
    table("Several dialers", ("figure", "value", ""), shown)
    for name, cases in finding.cases.items():
        for case in cases[:SHOWN]:
            note(f"{name}: {case}")
    if given.save:
        save(given.save, "cluster", result)
    finish(result)
    return 1 if broken else 0


def _plain(value: Any) -> object:
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{key}: {one:,.0f}" for key, one in value.items())


def _measured(home: Path, url: str, given: argparse.Namespace) -> tuple[Finding, dict[str, float]]:
    nodes = [f"n{number}" for number in range(given.dialers)]
    site = Site(home, url, nodes, LIMITS, POPULATION, given.seed)
    try:
        tell(f"filling {given.targets:,} targets")
        campaign = site.campaign(given.targets, seconds=2.0)
        done = run(site, campaign, Order(given.calls, given.faults), random.Random(given.seed))
        finding = judge(site, campaign, done)
        people.act(site, campaign, Action.RESUME)
        claims = {
            str(count): claiming.per_second(home, campaign, count, CLAIMED_S)
            for count in range(1, given.dialers + 1)
        }
        return finding, claims
    finally:
        site.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-cluster", description=__doc__)
    parser.add_argument("--targets", type=int, default=6_000_000)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--dialers", type=int, default=3)
    parser.add_argument("--faults", type=int, default=60, help="dialers killed or stopped (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep logs and ledger")
    parser.add_argument("--save", type=Path, help="keep the result in this directory")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
