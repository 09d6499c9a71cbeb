"""One installation under fire: network, PBX and dialers as real processes in one directory."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import soundfile

from bench.chaos.link import Link
from bench.installation import supervisor
from bench.postgres import Cluster
from campaigns.campaign import Limits
from campaigns.contacts.basis import Provenance
from campaigns.outcome import Outcome
from campaigns.states import Action, TargetState
from dialer.instance.ports import free_ports
from operations import launch
from operations.campaign_file import (
    CampaignValues,
    LaunchValues,
    LimitValues,
    RetryValues,
    ScheduleValues,
)
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.progress import Progress, progress_of
from operations.record import keep_recording
from operations.workspace import Workspace, open_workspace
from store import controllers
from store.engine import writing

POPULATION = Path(__file__).with_name("population.toml")
VOICE = Path(__file__).parents[2] / "examples" / "message-court.flac"
MESSAGE_S = 1.0
"""Short, so that many calls begin and end while few are up at any moment."""

MOST_CHANNELS = 300
PATIENCE_S = 30.0

_SETTINGS = """
[rehearsal]
sip_port = {sip_port}
max_channels = {channels}
max_cps = 200

[pbx]
mode = "remote"
port = {port}
directory = "{directory}"
endpoint_suffix = "-{tag}"
"""


@dataclass(frozen=True, slots=True)
class Exit:
    """A dialer that ended although nobody had killed it."""

    code: int
    said: str


class Site:
    """A home directory, its PBX behind a link that can fail, and whoever dials in it.

    Args:
        home: a directory that the PBX's user can reach.
        seed: of the population.
        server: PostgreSQL that listens on TCP; None for an SQLite file.
    """

    def __init__(self, home: Path, seed: int, server: Cluster | None = None) -> None:
        self.home, self.seed, self.server = home, seed, server
        home.mkdir(parents=True, exist_ok=True)
        self.network_port = free_ports(calls=1).sip
        ports, tag = free_ports(MOST_CHANNELS), secrets.token_hex(8)
        self.link = Link(ports.ami)
        self._store_link = Link(server.port) if server else None
        self._configure(tag)
        self.workspace: Workspace = open_workspace(home)
        self.supervisor = supervisor(home, self.workspace, ports, tag)
        with writing(self.workspace.engine) as connection:
            self.controller = controllers.ensure(connection, "Chaos", datetime.now(UTC))
        self.dialer: subprocess.Popen[bytes] | None = None
        self.others: list[subprocess.Popen[bytes]] = []
        self.exits: list[Exit] = []
        self._network: subprocess.Popen[bytes] | None = None

    def _configure(self, tag: str) -> None:
        text = _SETTINGS.format(
            sip_port=self.network_port,
            channels=MOST_CHANNELS,
            port=self.link.port,
            directory=self.home / "pbx",
            tag=tag,
        )
        if self.server is not None:
            url = self.server.url.render_as_string(hide_password=False)
            text = f'database_url = "{url}"\n{text}'
        (self.home / "portevoix.toml").write_text(text)

    @property
    def store_link(self) -> Link:
        """By which the dialer comes to its server; whoever judges does not.

        Raises:
            RuntimeError: there is no server.
        """
        if self._store_link is None:
            raise RuntimeError("The database is a file.")
        return self._store_link

    @property
    def ledger(self) -> Path:
        """The network's own record."""
        return self.home / "ledger.jsonl"

    @property
    def database(self) -> Path:
        """The dialer's."""
        return self.home / "portevoix.db"

    # Processes

    def open(self) -> None:
        """Start everything but the dialer."""
        where = ("--sip-port", str(self.network_port), "--ledger", str(self.ledger))
        who = ("--weights", str(POPULATION), "--seed", str(self.seed))
        self._network = self._start("network", "-m", "rehearsal", *where, *who)
        self.supervisor.start()

    def start_dialer(self) -> subprocess.Popen[bytes]:
        """The dialer, through the link."""
        self.dialer = self.spawn_dialer()
        return self.dialer

    def spawn_dialer(self) -> subprocess.Popen[bytes]:
        """One more dialer than there should be, or the one."""
        where = {}
        if self.server is not None:
            url = self.server.reached_at(self.store_link.port)
            where = {"PORTEVOIX_DATABASE_URL": url.render_as_string(hide_password=False)}
        home = str(self.home)
        return self._start("dialer", "-P", "-m", "cli.main", "--home", home, "dialer", **where)

    def _start(self, name: str, *arguments: str, **where: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments], stdout=log, stderr=log, env={**os.environ, **where}
            )

    def kill_dialer(self) -> None:
        """Kill it, where one lives."""
        if self.dialer is not None:
            self.dialer.kill()
            self.dialer.wait(PATIENCE_S)
            self.dialer = None

    def kill_pbx(self) -> float:
        """Kill the PBX; when, in epoch seconds."""
        process = self.supervisor.process
        if process is None:
            raise RuntimeError("The PBX is not running.")
        os.kill(process.pid, signal.SIGKILL)
        at = time.time()
        while self.supervisor.running:
            time.sleep(0.005)
        return at

    def tend(self) -> None:
        """Start a dialer that ended by itself again, as `portevoix serve` does."""
        if self.dialer is not None and self.dialer.poll() is not None:
            self.exits.append(Exit(self.dialer.returncode, self._last_words()))
            time.sleep(0.5)
            self.start_dialer()

    def _last_words(self) -> str:
        lines = (self.home / "dialer.log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else ""

    def end_dialer(self) -> int:
        """Ask the dialer to end, and wait for it."""
        if self.dialer is None:
            return 0
        self.dialer.terminate()
        return self.dialer.wait(PATIENCE_S * 5)

    def end_network(self) -> None:
        """Let the network write down what it still knows, and end."""
        if self._network is not None and self._network.poll() is None:
            self._network.terminate()
            self._network.wait(PATIENCE_S)

    def close(self) -> None:
        """End everything that still runs."""
        for process in (self.dialer, self._network, *self.others):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(PATIENCE_S)
        self.supervisor.stop()
        self.link.close()
        if self._store_link is not None:
            self._store_link.close()
        self.workspace.engine.dispose()

    # The campaign

    def launch(self, targets: int, rate: float) -> int:
        """A campaign of so many people who all agreed, launched."""
        report = import_list(
            self.workspace.engine,
            self.controller,
            BytesIO(_sheet(targets)),
            name="chaos",
            file_name="chaos.csv",
            provenance=Provenance("s", "m", date(2025, 6, 1), ("political",), {"w": "J'accepte."}),
            by="chaos",
        )
        if report.rejected:
            raise RuntimeError(f"{report.rejected} rows were rejected.")
        recording = keep_recording(
            self.workspace,
            self.controller,
            self._message(),
            name="m",
            file_name="m.wav",
            by="chaos",
        )
        campaign = prepare_campaign(
            self.workspace,
            self.controller,
            _values(rate),
            [recording["id"]],
            [report.list_id],
            "chaos",
        )
        launch.act(self.workspace, self.controller, campaign, Action.LAUNCH, "chaos")
        return campaign

    def _message(self) -> Path:
        """The first seconds of a real message."""
        samples, rate = soundfile.read(
            VOICE, frames=int(MESSAGE_S * soundfile.info(VOICE).samplerate)
        )
        path = self.home / "message.wav"
        soundfile.write(path, samples, rate)
        return path

    def limit(self, campaign: int, rate: float) -> None:
        """Put another rate in force while it runs."""
        limits = Limits(MOST_CHANNELS, rate)
        launch.limit(self.workspace, self.controller, campaign, limits, "chaos")

    def left(self, campaign: int) -> int:
        """People who are not called yet, or not for the last time."""
        return self.progress(campaign).states.get(TargetState.PENDING.value, 0)

    def progress(self, campaign: int) -> Progress:
        """Where it stands."""
        return progress_of(self.workspace, self.controller, campaign)


def _values(rate: float) -> CampaignValues:
    return CampaignValues(
        name="chaos",
        purpose="political",
        pack="fr-political",
        trunk="rehearsal",
        caller_id="0199001234",
        ring_timeout_s=15,
        limits=LimitValues(max_channels=MOST_CHANNELS, max_cps=rate),
        schedule=ScheduleValues(any_hour=True),
        launch=LaunchValues(watch=False),
        retry=RetryValues(
            max_attempts=2,
            delays={Outcome.BUSY: timedelta(seconds=5)},
            network_tries=4,
            network_delay=timedelta(seconds=2),
        ),
    )


def _sheet(targets: int) -> bytes:
    rows = "\n".join(f"{number};2025-05-01;site;w" for number in _numbers(targets))
    return f"telephone;date_consentement;source_consentement;formulation\n{rows}\n".encode()


def _numbers(count: int) -> Iterator[str]:
    """French mobile numbers, all different: none can be reached but in the simulated network."""
    for index in range(count):
        yield f"06{10_000_000 + index * 7:08d}"
