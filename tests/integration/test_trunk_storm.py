"""Two trunks, two simulated networks, and one that answers 503 to everything for a while."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from stage import Stage, numbers, staged, until

from campaigns.outcome import NOT_THE_PERSONS, Outcome
from campaigns.retry import RetryPolicy
from campaigns.states import Action
from cli.judge import judge
from dialer.instance.ports import free_ports
from rehearsal.ledger import LedgerCall, peak_starts_per_second, read
from store import policies, tables, targets
from store.engine import reading, writing

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(300)]

SICK, SOUND = "rehearsal", "second"
CPS = 8
CARRIES_ON = 0.85
"""Share of its limit that a sound trunk keeps, also where other tests take half of the machine."""
STORM_S = 20.0
RECOVERED_WITHIN_S = 30.0
PEOPLE = 1500
"""More than are called before everything is seen."""

WITH_RETRIES = RetryPolicy(network_tries=20, network_delay=timedelta(seconds=2))
"""Somebody whom the storm hits is called again within the test."""

LEAVES = """
ring = [0.1, 0.4]
[[behaviour]]
name = "hangs_up_after"
after = 0.8
"""
TRUNKS = """
max_cps = {cps}
max_channels = 60

[trunks.second]
host = "127.0.0.1"
port = {port}
max_cps = {cps}
max_channels = 60
"""


@dataclass
class TwoNetworks:
    """A stage whose campaign can go out by two trunks, each to a network with its own ledger."""

    stage: Stage
    port: int

    def start(self) -> None:
        self.stage.start_network()
        self.stage._start(
            SOUND, "-m", "rehearsal", "--sip-port", str(self.port),
            "--ledger", str(self.other_ledger), *self.stage.population,
        )  # fmt: skip
        self.stage.start_dialer()

    @property
    def other_ledger(self) -> Path:
        return self.stage.home / "second.jsonl"

    def campaign(self) -> int:
        people = [one for ending in range(100) for one in numbers(ending, PEOPLE // 100)]
        campaign = self.stage.prepare(people, max_channels=120, max_cps=4 * CPS)
        changes = {"other_trunks": [SOUND], "retry": policies.retry_to_plain(WITH_RETRIES)}
        with writing(self.stage.workspace.engine) as connection:
            connection.execute(
                update(tables.campaign).where(tables.campaign.c.id == campaign).values(**changes)
            )
        return campaign

    def calls(self, trunk: str) -> list[LedgerCall]:
        return read(self.stage.ledger if trunk == SICK else self.other_ledger)

    def rate(self, trunk: str, since: float, until: float) -> float:
        """Calls per second that the network of a trunk saw begin."""
        begun = sum(since <= call.invite_at < until for call in self.calls(trunk))
        return begun / (until - since)

    def faults(self, campaign: int) -> list[str]:
        """Our record against both networks' together."""
        both = self.stage.home / "both.jsonl"
        both.write_text(self.stage.ledger.read_text() + self.other_ledger.read_text())
        return judge(self.stage.workspace, self.stage.controller, campaign, both).faults


@pytest.fixture
def networks(
    pbx_binary: object, pbx_root: Path, request: pytest.FixtureRequest
) -> Iterator[TwoNetworks]:
    people = pbx_root / "leaves.toml"
    people.write_text(LEAVES)
    port = free_ports(calls=1).sip
    settings = {
        "extra_settings": TRUNKS.format(cps=CPS, port=port),
        "population": ("--weights", str(people)),
    }
    with staged(pbx_root, request.node.name, **settings) as stage:
        yield TwoNetworks(stage, port)


def test_a_storm_of_503_costs_nobody_an_attempt_and_the_other_trunk_nothing(
    networks: TwoNetworks,
) -> None:
    stage = networks.stage
    networks.start()
    campaign = networks.campaign()
    stage.act(campaign, Action.LAUNCH)
    until(lambda: _is_full(networks, SICK) and _is_full(networks, SOUND))
    stage.signal("network", signal.SIGUSR1)
    storm = time.time()
    time.sleep(STORM_S)
    stage.signal("network", signal.SIGUSR2)
    calm = time.time()
    until(lambda: _is_full(networks, SICK), RECOVERED_WITHIN_S + 5)
    recovered = time.time() - calm
    stage.act(campaign, Action.DRAIN)
    until(lambda: stage.ended(campaign))

    sick = networks.rate(SICK, storm, calm)
    sound = networks.rate(SOUND, storm + 1, calm)
    print(f"storm: {sick:.2f}/s by the sick trunk, {sound:.2f}/s by the other;", end=" ")
    print(f"full rate {recovered:.1f} s after it")
    assert recovered <= RECOVERED_WITHIN_S
    assert sound >= CARRIES_ON * CPS
    assert sick <= 0.25 * CPS
    for trunk in (SICK, SOUND):
        assert peak_starts_per_second(networks.calls(trunk)) <= CPS
    _check_that_nobody_paid(stage, campaign)
    assert networks.faults(campaign) == []


def _is_full(networks: TwoNetworks, trunk: str) -> bool:
    """Whether the network has seen the trunk's full rate for three seconds."""
    now = time.time() - 0.2  # what it saw is on its disk by then
    return networks.rate(trunk, now - 3, now) >= CARRIES_ON * CPS


def _check_that_nobody_paid(stage: Stage, campaign: int) -> None:
    received: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    for attempt in stage.attempts(campaign):
        if attempt["outcome"] is not None:
            ours = Outcome(attempt["outcome"]) in NOT_THE_PERSONS
            (failed if ours else received)[attempt["target_id"]] += 1
    with reading(stage.workspace.engine) as connection:
        people = targets.page(connection, campaign, 0, PEOPLE)
        assert targets.counted(connection, campaign) == stage.progress(campaign).states
    assert failed.total() >= 10, "the storm hit nobody"
    for person in people:
        assert person["attempts"] == received[person["id"]]
        assert person["tries"] == failed[person["id"]]
