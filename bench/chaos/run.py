"""One run: the campaign launched, the faults injected, the end awaited, both records compared."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.chaos.faults import DATABASE, DIALER, LINK, PBX, Done, Faults, Standstill
from bench.chaos.site import Site
from bench.chaos.verdict import Finding, judge
from bench.postgres import Cluster
from campaigns.states import TargetState

CALLS_PER_FAULT = {DIALER: 30, PBX: 2000, LINK: 30, DATABASE: 30}
"""People called while one fault is injected and recovered from, so that some are always left; for
each death of the PBX so many that the calls it cut off are few among them."""

LOOK_S = 1.0
STUCK_S = 180.0
"""Nothing changing for so long, with people left to call and no fault any more, is a defect."""

UNSETTLED = (TargetState.PENDING.value, TargetState.CALLING.value)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a run.

    Attributes:
        faults: how many of each kind.
        seed: of the faults, and of who is called.
        rate: calls per second.
        targets: people to call; 0 for as many as the faults take.
    """

    faults: dict[str, int]
    seed: int = 1
    rate: float = 20.0
    targets: int = 0

    @property
    def people(self) -> int:
        """How many are called."""
        wanted = sum(CALLS_PER_FAULT[kind] * count for kind, count in self.faults.items())
        return self.targets or wanted + 500


def run(
    home: Path, order: Order, tell: Callable[[str], None], server: Cluster | None = None
) -> tuple[Finding, Done]:
    """One run in a fresh directory, which the PBX's user can reach; on a server, or in a file."""
    begun = time.monotonic()
    site = Site(home, order.seed, server)
    try:
        site.open()
        campaign = site.launch(order.people, order.rate)
        site.start_dialer()
        faults = Faults(site, campaign, random.Random(order.seed), order.rate, tell)
        _inject(site, campaign, faults, order)
        if site.end_dialer():
            faults.done.wrongs.append("the last dialer did not end in order")
        site.end_network()
        seconds = time.monotonic() - begun
        return judge(site, campaign, faults.done, order.seed, seconds), faults.done
    finally:
        for one in site.exits:
            tell(f"a dialer ended by itself ({one.code}): {one.said}")
        site.close()


def _inject(site: Site, campaign: int, faults: Faults, order: Order) -> None:
    try:
        faults.await_calls(20)
        faults.run(order.faults)
        _finish(site, campaign)
    except Standstill as error:
        faults.done.wrongs.append(str(error))


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
