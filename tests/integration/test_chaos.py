"""A short `make chaos`: the same faults, few of them, judged the same."""

from pathlib import Path

import pytest

from bench.chaos.faults import DATABASE, DIALER, LINK, PBX
from bench.chaos.run import Order, run

pytestmark = [pytest.mark.pbx, pytest.mark.slow, pytest.mark.timeout(240)]


def test_no_fault_calls_anybody_twice_or_loses_an_opt_out_an_outcome_or_a_target(
    pbx_binary: object, pbx_root: Path
) -> None:
    faults = {DIALER: 1, PBX: 1, LINK: 1, DATABASE: 1}
    finding, done = run(pbx_root / "chaos", Order(faults, seed=2, rate=30.0, targets=280), print)
    # A campaign this short cannot outweigh the calls that one death of the PBX cuts off, and what
    # is near one death is no average.
    short = {"final_share", "keys_near_kills"}
    broken = [name for name in finding.result.broken if name not in short]
    assert broken == [], (finding.cases, done.details)
    assert done.counts == faults
    assert finding.result.keys_near_kills > 0
