"""The faults of one run: what is done, at which moment, and what was counted meanwhile."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.chaos.sightings import Sightings
from bench.chaos.site import PATIENCE_S, Site
from bench.chaos.store_faults import Means, store_faults

DIALER, PBX, LINK, DATABASE = "dialer_kills", "pbx_kills", "link_faults", "database_faults"

TICK_S = 0.02
STANDSTILL_S = 120.0
"""No call for so long, with people left to call and nothing wrong any more, is a defect."""

LEASE_LASTS_S = 10.0
CLOSE_TO_A_KILL_S = 0.5
KEYS_BEFORE = 8
"""Opt-outs in the half second before a kill; about as many follow."""

RATE_AT_A_KILL = 25.0
"""Calls per second when the PBX is killed: enough for the keys, and few calls are cut off."""

SETTLING_S = 2.5
"""Until a new rate is what is up at any moment."""

STRIKES_AGAIN = 0.8
"""Share of faults that strike while the engine recovers from the one before; what is in flight is
settled anew each time, and the others find calls up."""

RECOVERING_S = 2.0
"""At most until such a fault."""


class Standstill(Exception):
    """The engine does not go on although every fault is over."""


@dataclass(slots=True)
class Done:
    """What was done to the engine.

    Attributes:
        counts: faults by kind.
        details: faults by their exact sort.
        pbx_kills: when the PBX was killed, in epoch seconds.
        wrongs: defined behaviour that was not seen.
    """

    counts: Counter[str] = field(default_factory=Counter)
    details: Counter[str] = field(default_factory=Counter)
    pbx_kills: list[float] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


class Faults:
    """Injects faults into a site, each while calls are being placed.

    Args:
        site: where.
        campaign: which is running.
        dice: decides everything that chance decides.
        rate: calls per second.
        tell: told of each fault as it is injected.
    """

    def __init__(
        self,
        site: Site,
        campaign: int,
        dice: random.Random,
        rate: float,
        tell: Callable[[str], None],
    ) -> None:
        self._site, self._campaign, self._dice = site, campaign, dice
        self._rate, self._tell = rate, tell
        self._sightings = Sightings(site.ledger)
        self.done = Done()
        self._store = store_faults(
            Means(
                site,
                dice,
                self._wait,
                self._note,
                self._living,
                self._seen,
                self.done.wrongs.append,
            )
        )

    def run(self, wanted: dict[str, int]) -> None:
        """Inject so many of each kind, in an order that chance decides.

        Raises:
            Standstill: the engine stopped calling for good.
        """
        order = [kind for kind, count in wanted.items() for _ in range(count)]
        self._dice.shuffle(order)
        acts = {
            DIALER: self._dialer,
            PBX: self._pbx,
            LINK: self._link,
            DATABASE: self._store.strike,
        }
        for kind in order:
            self._calm()
            acts[kind]()
            self.done.counts[kind] += 1

    # Waiting

    def _seen(self) -> int:
        """Calls that the network has seen."""
        self._sightings.look()
        return self._sightings.calls

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def _calm(self) -> None:
        """Wait until calls are placed again, or strike a second time while it recovers.

        A dialer that has not come to its PBX yet could neither be cut off nor leave anything.
        """
        if self._dice.random() < STRIKES_AGAIN:
            self._await_link()
            self._wait(self._dice.uniform(0.0, RECOVERING_S))
        else:
            self.await_calls(self._dice.randint(5, 60))

    def _await_link(self) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not self._site.link.connections and time.monotonic() < give_up:
            self._site.tend()
            time.sleep(TICK_S)

    def await_calls(self, count: int) -> None:
        """Wait until the network has seen so many more calls.

        Raises:
            Standstill: it sees none.
        """
        self._sightings.look()
        first, give_up = self._sightings.calls, time.monotonic() + STANDSTILL_S
        while self._sightings.calls < first + count and self._site.left(self._campaign):
            self._site.tend()
            time.sleep(TICK_S * 5)
            seen = self._sightings.calls
            self._sightings.look()
            if self._sightings.calls > seen:
                give_up = time.monotonic() + STANDSTILL_S
            if time.monotonic() > give_up:
                raise Standstill(f"No call was placed for {STANDSTILL_S:g} s.")

    def _note(self, detail: str) -> None:
        self.done.details[detail] += 1
        self._tell(f"{sum(self.done.counts.values()) + 1:4d}  {detail}")

    # The dialer

    def _dialer(self) -> None:
        """Kill it; now and then stop it instead, or start a second one, before."""
        dice = self._dice.random()
        if dice < 0.10:
            self._stop_and_continue()
        elif dice < 0.15:
            self._taken_over()
        elif dice < 0.25:
            self._second_dialer()
        self._note("dialer killed")
        self._site.kill_dialer()
        self._wait(self._dice.choice((0.0, self._dice.uniform(0.0, 3.0))))
        self._site.start_dialer()

    def _stop_and_continue(self) -> None:
        self._note("dialer stopped and continued")
        process = self._living()
        process.send_signal(signal.SIGSTOP)
        self._wait(self._dice.choice((self._dice.uniform(0.5, 4.0), self._dice.uniform(6.0, 14.0))))
        process.send_signal(signal.SIGCONT)
        self._wait(self._dice.uniform(0.0, 2.0))

    def _taken_over(self) -> None:
        """A dialer stopped for so long that the next takes its place, and then continued."""
        self._note("dialer stopped, replaced, continued")
        before = self._living()
        before.send_signal(signal.SIGSTOP)
        self._wait(LEASE_LASTS_S + self._dice.uniform(0.5, 3.0))
        self._site.start_dialer()
        self._site.others.append(before)
        self.await_calls(1)
        before.send_signal(signal.SIGCONT)
        self._expect_end(before, "a dialer that was replaced goes on")

    def _second_dialer(self) -> None:
        self._note("second dialer started")
        first = self._living()
        second = self._site.spawn_dialer()
        self._site.others.append(second)
        self._expect_end(second, "a second dialer runs beside the first")
        if first.poll() is not None:
            self.done.wrongs.append("a second dialer ended the first")

    def _expect_end(self, process: subprocess.Popen[bytes], otherwise: str) -> None:
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.done.wrongs.append(otherwise)
            process.kill()
            return
        if code == 0:
            self.done.wrongs.append(f"{otherwise}: it ended as if all were well")

    def _living(self) -> subprocess.Popen[bytes]:
        self._site.tend()
        return self._site.dialer or self._site.start_dialer()

    # The PBX

    def _pbx(self) -> None:
        """Kill it while keys arrive; every second time with the dialer dead already."""
        alone = self.done.counts[PBX] % 2 == 0
        self.await_calls(20)  # whatever was before, it is the death of the PBX that is seen
        self._site.limit(self._campaign, min(self._rate, RATE_AT_A_KILL))
        self._wait(SETTLING_S)
        self._await_keys()
        if alone:
            self._site.kill_dialer()
            self._wait(self._dice.uniform(0.02, 0.3))
        self.done.pbx_kills.append(self._site.kill_pbx())
        self._note("PBX killed, the dialer down" if alone else "PBX killed")
        self._wait(self._dice.uniform(0.0, 3.0))
        if alone and self._dice.random() < 0.5:
            self._site.start_dialer()
        self._site.supervisor.start()
        if self._site.dialer is None:
            self._wait(self._dice.uniform(0.0, 3.0))
            self._site.start_dialer()
        self._site.limit(self._campaign, self._rate)

    def _await_keys(self) -> None:
        """A moment at which opt-outs arrive one after the other."""
        give_up = time.monotonic() + PATIENCE_S
        while (
            self._sightings.keys_within(CLOSE_TO_A_KILL_S) < KEYS_BEFORE
            and time.monotonic() < give_up
        ):
            self._site.tend()
            time.sleep(TICK_S)
            self._sightings.look()

    # The link

    def _link(self) -> None:
        act = self._dice.choice(
            (
                self._cut,
                self._cut,
                self._refuse,
                self._stall,
                self._stall,
                self._one_way,
                self._slow,
                self._late,
            )
        )
        act()

    def _cut(self) -> None:
        reset = self._dice.random() < 0.5
        self._note("link reset" if reset else "link closed")
        self._site.link.cut(reset=reset)

    def _refuse(self) -> None:
        self._note("link reset and refused for a while")
        self._site.link.refuse(True)
        self._site.link.cut(reset=True)
        self._wait(self._dice.uniform(0.5, 6.0))
        self._site.link.refuse(False)

    def _stall(self) -> None:
        """About as long as an answer is waited for; now and then as long as silence is borne."""
        self._note("link stalled")
        long = self._dice.random() < 0.15
        seconds = self._dice.uniform(15.0, 18.0) if long else self._dice.uniform(0.5, 7.0)
        self._stalled(seconds, to_pbx=True, to_dialer=True)

    def _one_way(self) -> None:
        to_pbx = self._dice.random() < 0.5
        self._note("orders delayed" if to_pbx else "events delayed")
        self._stalled(self._dice.uniform(0.5, 7.0), to_pbx=to_pbx, to_dialer=not to_pbx)

    def _slow(self) -> None:
        self._note("link slow")
        self._site.link.slow(self._dice.uniform(0.05, 0.8))
        self._wait(self._dice.uniform(1.0, 6.0))
        self._site.link.slow(0.0)

    def _late(self) -> None:
        """What was sent before the dialer gave the link up reaches the PBX all the same."""
        self._note("orders of a link given up delivered late")
        self._stalled(self._dice.uniform(5.5, 9.5), to_pbx=True, to_dialer=True, late=True)

    def _stalled(
        self, seconds: float, *, to_pbx: bool, to_dialer: bool, late: bool = False
    ) -> None:
        self._site.link.stall(to_pbx=to_pbx, to_dialer=to_dialer, late=late)
        self._wait(seconds)
        self._site.link.heal()
