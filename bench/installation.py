"""One installation in a directory of its own: network, PBX and dialer as real processes.

The PBX is started beside the dialer, not by it, so that a dialer may come and go (and a raw AMI
loop take its place) while the same Asterisk runs on. Everything that another process needs to go
on with the same directory is kept in it.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from campaigns.trunk import Codec, Keys
from dialer.instance.configure import Instance
from dialer.instance.locate import find_installation
from dialer.instance.ports import Ports, free_ports
from dialer.instance.process import Process, remembered
from dialer.instance.supervise import Supervisor
from operations.settings import REHEARSAL
from operations.workspace import Workspace, open_workspace
from store import controllers
from store.engine import writing

PATIENCE_S = 30.0

DRAIN_S = 150.0
"""A dialer that was asked to end waits for its calls."""

_NETWORK_NICENESS = -15

_SETTINGS = """
[limits]
max_channels = {channels}
max_cps = {cps}

[rehearsal]
sip_port = {sip_port}
codec = "{codec}"
keys = "{keys}"
max_channels = {channels}
max_cps = {cps}

[pbx]
mode = "remote"
port = {port}
directory = "{directory}"
endpoint_suffix = "-{tag}"
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an installation is made for.

    Attributes:
        channels: concurrent calls that the trunk takes.
        cps: calls started per second that the trunk takes.
        population: of the simulated network: a profile that ships, or the path of a TOML file.
        seed: who is who.
        voices: directory of what the far side says; empty for what ships.
        codec: of the trunk, by Asterisk's name.
        keys: by which ways the trunk takes keys, likewise.
        capture: whether the network keeps the RTP that it receives.
    """

    channels: int = 2000
    cps: float = 1000
    population: str = "answers"
    seed: int = 1
    voices: str = ""
    codec: Codec = Codec.ALAW
    keys: Keys = Keys.ANY
    capture: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """What stays the same from process to process."""

    plan: Plan
    ports: Ports
    network_port: int
    tag: str


class Failed(Exception):
    """A program that the benchmark needs did not start, or ended."""


class Installation:
    """A home directory, its network, its PBX, and its dialer.

    Args:
        home: a directory that the PBX's user can reach; one that is there is gone on with.
        plan: what it is made for; what a home that is there was made for counts.
    """

    def __init__(self, home: Path, plan: Plan) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self._kept = _keep(home / "bench.json", plan)
        self.plan = self._kept.plan
        self._configure()
        self.workspace: Workspace = open_workspace(home)
        self.supervisor = supervisor(home, self.workspace, self._kept.ports, self._kept.tag)
        with writing(self.workspace.engine) as connection:
            self.controller = controllers.ensure(connection, "Bench", datetime.now(UTC))
        self.dialer: subprocess.Popen[bytes] | None = None
        self.network: subprocess.Popen[bytes] | None = None

    def _configure(self) -> None:
        text = _SETTINGS.format(
            channels=self.plan.channels,
            cps=self.plan.cps,
            sip_port=self._kept.network_port,
            codec=self.plan.codec,
            keys=self.plan.keys,
            port=self._kept.ports.ami,
            directory=self.home / "pbx",
            tag=self._kept.tag,
        )
        (self.home / "portevoix.toml").write_text(text)

    @property
    def ledger(self) -> Path:
        """The network's own record."""
        return self.home / "ledger.jsonl"

    @property
    def captures(self) -> Path:
        """What the network heard of each call, where it was to be kept."""
        return self.home / "captures"

    @property
    def database(self) -> Path:
        """What the dialer keeps."""
        return self.home / "portevoix.db"

    @property
    def endpoint(self) -> str:
        """The PBX's endpoint that leads to the network."""
        return self.supervisor.instance.endpoint(REHEARSAL)

    @property
    def pbx_pid(self) -> int:
        """Process of the PBX.

        Raises:
            Failed: it does not run.
        """
        process = self.supervisor.process
        if process is None:
            raise Failed(f"Asterisk has died; see {self.supervisor.instance.log}.")
        return process.pid

    @property
    def pids(self) -> dict[str, int]:
        """Processes that run now, by name."""
        children = {"dialer": self.dialer, "network": self.network}
        found = {name: child.pid for name, child in children.items() if child is not None}
        return {**found, "asterisk": self.pbx_pid}

    # Processes

    def open(self) -> None:
        """Start everything but the dialer; one that an earlier process left behind is ended."""
        self._end_left_behind()
        where = ("--sip-port", str(self._kept.network_port), "--ledger", str(self.ledger))
        who = ("--weights", self.plan.population)
        if not self.plan.population.endswith(".toml"):
            who = ("--profile", self.plan.population)
        seed = ("--seed", str(self.plan.seed))
        said = ("--voices", self.plan.voices) if self.plan.voices else ()
        kept = ("--capture", str(self.captures)) if self.plan.capture else ()
        self.network = self._start("network", "-m", "rehearsal", *where, *who, *seed, *said, *kept)
        keep_at_work(self.network.pid)
        self.supervisor.start()

    def _end_left_behind(self) -> None:
        for name in ("dialer", "network"):
            process = remembered(self._pid_file(name))
            if process is not None and not process.end(signal.SIGTERM, DRAIN_S):
                process.end(signal.SIGKILL, PATIENCE_S)

    def start_dialer(self, *wrapper: str) -> int:
        """Start the dialer and wait until it can place calls; its process.

        Args:
            wrapper: what stands between Python and its module, such as `-m cProfile -o FILE`.
        """
        ours = ("-P", *wrapper, "-m", "cli.main", "--home", str(self.home), "dialer")
        self.dialer = self._start("dialer", *ours)
        return self.dialer.pid

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us: we end our children in order
            )
        process = Process.of(child.pid)
        if process is not None:
            process.remember(self._pid_file(name))
        if child.stdout is None or not child.stdout.readline():
            raise Failed(f"The {name} did not start. {self._last_words(name)}")
        return child

    def _pid_file(self, name: str) -> Path:
        return self.home / f"{name}.pid"

    def _last_words(self, name: str) -> str:
        lines = (self.home / f"{name}.log").read_text(errors="replace").splitlines()
        return "It said: " + " / ".join(lines[-5:])

    def check(self) -> None:
        """Make sure that everything that was started still runs.

        Raises:
            Failed: something has ended.
        """
        for name, process in (("dialer", self.dialer), ("network", self.network)):
            if process is not None and process.poll() is not None:
                code = process.returncode
                raise Failed(f"The {name} ended (exit code {code}). {self._last_words(name)}")
        _ = self.pbx_pid

    def end_dialer(self, asked: signal.Signals = signal.SIGTERM) -> None:
        """End the dialer: softly, so that it waits for its calls, or by force."""
        self.dialer = _ended(self.dialer, asked)

    def end_network(self) -> None:
        """Let the network write down what it still knows, and end."""
        self.network = _ended(self.network, signal.SIGTERM)

    def close(self) -> None:
        """End everything that still runs, the dialer by force."""
        self.end_dialer(signal.SIGKILL)
        self.supervisor.stop()
        self.end_network()
        self.workspace.engine.dispose()


def supervisor(home: Path, workspace: Workspace, ports: Ports, tag: str) -> Supervisor:
    """Of a PBX in a home directory, with the trunks that its settings name."""
    instance = Instance(
        root=home / "pbx",
        sip_port=ports.sip,
        ami_port=ports.ami,
        rtp_first=ports.rtp_first,
        rtp_last=ports.rtp_last,
        trunks=tuple(workspace.settings.all_trunks()),
        endpoint_tag=tag,
    )
    return Supervisor(instance, find_installation())


def _ended(
    process: subprocess.Popen[bytes] | None, asked: signal.Signals
) -> subprocess.Popen[bytes] | None:
    if process is not None:
        if process.poll() is None:
            process.send_signal(asked)
            process.wait(DRAIN_S)
        if process.stdout is not None:
            process.stdout.close()
    return None


def _keep(file: Path, plan: Plan) -> _Kept:
    """What an earlier process chose, or what is chosen now."""
    if file.exists():
        plain = json.loads(file.read_text())
        return _Kept(
            Plan(**plain["plan"]), Ports(**plain["ports"]), plain["network_port"], plain["tag"]
        )
    kept = _Kept(plan, free_ports(plan.channels), free_ports(calls=1).sip, secrets.token_hex(8))
    file.write_text(json.dumps(asdict(kept)))
    return kept


def keep_at_work(pid: int) -> None:
    """Let the network go before an import and the like: it stands for other machines.

    Not in real time as the PBX and the dialer: the three together fill two cores, and the kernel
    then stops whatever is in real time for a twentieth of each second.
    """
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, _NETWORK_NICENESS)


def end_in_order() -> None:
    """Have SIGTERM end us as Ctrl-C does: with everything that we started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def installed(plan: Plan, home: Path | None = None) -> Iterator[Installation]:
    """An installation that runs, but for its dialer; gone afterwards, unless a home is given."""
    made = None if home else Path(tempfile.mkdtemp(prefix="portevoix-bench-"))
    root = home or made
    assert root is not None  # noqa: S101 - one of both is
    if made:
        # The PBX's user passes through, and looks into nothing.
        made.chmod(0o711)
    site = Installation(root / "home" if made else root, plan)
    try:
        site.open()
        yield site
    finally:
        site.close()
        if made and not os.environ.get("BENCH_KEEP"):
            shutil.rmtree(made, ignore_errors=True)
