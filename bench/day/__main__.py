"""`make bench-day`: half a million people called in one run, stopped in the middle and resumed.

Everybody is called once: retries would call some of them more often, and hours later. At a quarter
the dialer is killed; at the half everything is stopped in order, PBX and network too, and resumed
as `--resume DIR` resumes a run that was interrupted. Both records are compared at the end. The last
line is one JSON object; the exit code is 1 where a promise was broken.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from bench.day.run import Day, Interrupted, Order
from bench.day.verdict import Finding, judge
from bench.report import finish, note, save, table, tell

SHOWN = 10
"""Cases printed of what is wrong."""


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    home = given.resume or Path(tempfile.mkdtemp(prefix="portevoix-day-"))
    home.chmod(0o711)
    day = Day(home, Order(given.targets, given.rate, given.seed))
    try:
        day.run()
        finding = judge(day)
    except (Interrupted, KeyboardInterrupt):
        tell(f"Interrupted. Go on with: make bench-day DAY='--resume {home}'")
        return 130
    finally:
        day.close()
    _show(finding)
    if given.save:
        save(given.save, "day", finding.detail())
    if not (given.keep or given.resume):
        shutil.rmtree(home, ignore_errors=True)
    return 1 if finding.broken else 0


def _interrupt(*_: object) -> None:
    raise Interrupted


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.day", description=__doc__)
    parser.add_argument("--targets", type=int, default=500_000)
    parser.add_argument("--rate", type=float, default=150.0, help="calls per second (150)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="directory of a run that was interrupted")
    parser.add_argument("--keep", action="store_true", help="keep database, ledger and logs")
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    return parser.parse_args(argv)


def _show(finding: Finding) -> None:
    result = finding.result
    broken = finding.broken
    rows = [(name, value, "no" if name in broken else "") for name, value in result.items()]
    table("The day", ("what", "value", "kept"), rows)
    table("Outcomes, as reported", ("outcome", "calls"), finding.outcomes.items())
    table(
        "Over time",
        ("minute", "calls/s", "dialer MB", "Asterisk MB", "up"),
        finding.course,
    )
    for name, cases in finding.cases.items():
        for case in cases[:SHOWN]:
            note(f"{name}: {case}")
    finish(result)


if __name__ == "__main__":
    sys.exit(main())
