"""Several dialers, each with an Asterisk, on one PostgreSQL and before one simulated network."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import people
from bench.installation import PATIENCE_S, Failed, keep_at_work
from campaigns.campaign import Limits
from dialer.instance.locate import find_installation
from dialer.instance.ports import free_ports
from dialer.instance.supervise import Supervisor
from dialer.process import local_instance
from operations.prepare import prepare_campaign
from operations.workspace import Workspace, open_workspace
from store import controllers, lists
from store.engine import writing

_SETTINGS = """
database_url = "{url}"

[limits]
max_channels = {channels}
max_cps = {cps}

[rehearsal]
sip_port = {sip_port}
max_channels = {channels}
max_cps = {cps}
"""

_CONTACTS = """
INSERT INTO contact (list_id, line, number, kind, zones, fictional, attributes, evidence,
    consented_on, consent_source, wording_id)
SELECT %(list)s, i + 2, '+336' || lpad((10000000 + i * 61803397::bigint %% 28000000)::text, 8, '0'),
    'mobile', 'Europe/Paris', false, '{}', 'row', '2025-05-01', 'site', 'w'
FROM generate_series(0, %(count)s - 1) AS i
"""

_TARGETS = """
INSERT INTO target (campaign_id, contact_id, number, zones, state, retry, due_at, attempts, tries)
SELECT %(campaign)s, id, number, zones, 'pending', false, %(now)s, 0, 0 FROM contact
WHERE list_id = %(list)s ORDER BY id
"""

_TALLIED = """
INSERT INTO tally (campaign_id, kind, name, count)
VALUES (%(campaign)s, 'state', 'pending', %(count)s)
ON CONFLICT (campaign_id, kind, name) DO UPDATE SET count = excluded.count
"""

_COUNTED = "UPDATE contact_list SET rows = %(count)s, accepted = %(count)s WHERE id = %(list)s"


class Site:
    """A home whose dialers come and go.

    Args:
        home: a directory that the PBXs' user can reach.
        url: of an empty database.
        nodes: names of the dialers.
        limits: of the system, and of the one trunk.
        population: of the simulated network.
        seed: who is who.
    """

    def __init__(
        self, home: Path, url: str, nodes: list[str], limits: Limits, population: str, seed: int
    ) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.nodes = nodes
        self.limits = limits
        self._sip_port = free_ports(calls=1).sip
        self._population = population
        self._seed = seed
        settings = _SETTINGS.format(
            url=url, channels=limits.max_channels, cps=limits.max_cps, sip_port=self._sip_port
        )
        (home / "portevoix.toml").write_text(settings)
        self.workspace: Workspace = open_workspace(home)
        with writing(self.workspace.engine) as connection:
            self.controller = controllers.ensure(connection, people.BY, datetime.now(UTC))
        self._network: subprocess.Popen[bytes] | None = None
        self._dialers: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def ledger(self) -> Path:
        """The network's own record."""
        return self.home / "ledger.jsonl"

    @property
    def running(self) -> list[str]:
        """Nodes whose dialer runs."""
        return [name for name, one in self._dialers.items() if one.poll() is None]

    def supervisor(self, node: str) -> Supervisor:
        """Of a node's Asterisk."""
        return Supervisor(local_instance(self.workspace.settings, node), find_installation())

    def start_network(self) -> None:
        """Start what all of them call."""
        told = ("--sip-port", str(self._sip_port), "--ledger", str(self.ledger))
        who = ("--weights", self._population, "--seed", str(self._seed))
        self._network = self._start("network", "-m", "rehearsal", *told, *who)
        keep_at_work(self._network.pid)

    def start_dialer(self, node: str) -> None:
        """Start a dialer; it places calls once it is ready."""
        ours = ("-P", "-m", "cli.main", "--home", str(self.home), "dialer", "--node", node)
        with (self.home / f"{node}.log").open("ab") as log:
            self._dialers[node] = subprocess.Popen(
                [sys.executable, *ours], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def signal_dialer(self, node: str, asked: signal.Signals) -> None:
        """Send a signal to a dialer that runs."""
        process = self._dialers[node]
        process.send_signal(asked)
        if asked is signal.SIGKILL:
            process.wait(PATIENCE_S)

    def kill_pbx(self, node: str) -> None:
        """Kill the Asterisk of a node, which leaves its calls up on the far side."""
        process = self.supervisor(node).process
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)

    def end_dialers(self, patience_s: float) -> None:
        """Let every dialer wait for its calls, and end.

        Raises:
            Failed: one does not.
        """
        for node in self.running:
            self._dialers[node].send_signal(signal.SIGTERM)
        until = time.monotonic() + patience_s
        for node, process in self._dialers.items():
            try:
                process.wait(max(1.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise Failed(f"The dialer «{node}» does not end.") from None

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        if child.stdout is None or not child.stdout.readline():
            raise Failed(f"The {name} did not start; see {name}.log.")
        return child

    def end_network(self) -> None:
        """Let the network write down what it still knows, and end."""
        if self._network is not None and self._network.poll() is None:
            self._network.send_signal(signal.SIGTERM)
            self._network.wait(PATIENCE_S)

    def close(self) -> None:
        """End everything, by force where it must be."""
        for process in self._dialers.values():
            if process.poll() is None:
                process.kill()
                process.wait(PATIENCE_S)
        for node in self.nodes:
            self.supervisor(node).stop()
        self.end_network()
        self.workspace.engine.dispose()

    def campaign(self, count: int, seconds: float) -> int:
        """A campaign of so many people with a message of that length, not launched yet; its id."""
        now = datetime.now(UTC)
        engine = self.workspace.engine
        with writing(engine) as connection:
            list_id = lists.create(
                connection, self.controller, people.BY, "bench.csv", "0" * 64, people.PROVENANCE,
                people.BY, now,
            )  # fmt: skip
            lists.finish(connection, list_id)
        recording = people.message(self, seconds)
        values = people.values(people.BY, self.limits)
        made = prepare_campaign(
            self.workspace, self.controller, values, [recording], [list_id], people.BY
        )
        given = {
            "list": list_id, "campaign": made, "count": count,
            "now": round(now.timestamp() * 1000),
        }  # fmt: skip
        with writing(engine) as connection:
            for statement in (_CONTACTS, _TARGETS, _TALLIED, _COUNTED):
                connection.exec_driver_sql(statement, given)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        return made
