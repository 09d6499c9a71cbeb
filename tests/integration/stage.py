"""A whole installation in a directory of its own: network, dialer and PBX as real processes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from homes import HOMES
from sqlalchemy import update

from campaigns.campaign import Limits
from campaigns.contacts.basis import Provenance
from campaigns.outcome import Outcome
from campaigns.rules.windows import ALWAYS
from campaigns.states import Action
from cli.judge import judge
from dialer.instance.ports import free_ports
from operations import launch, trunks
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
from operations.script_values import ScriptValues
from operations.workspace import Workspace, open_workspace
from rehearsal.checker import Verdict
from rehearsal.ledger import LedgerCall, read
from store import controllers, policies, tables
from store.engine import writing

MESSAGE = Path(__file__).parents[2] / "examples" / "message-court.flac"
CALLER_ID = "0199001234"
WORDING = {"w1": "J'accepte d'être appelée."}
PATIENCE_S = 60.0

ALL = ["label", "identity", "opt_out", "body", "data_source", "callback"]
SAID = ScriptValues[int].model_validate({"says": [ALL]})
"""What the message is said to say where a campaign might reach people: one recording, all of it."""


def until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait for a condition, however loaded the machine is."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"waited {seconds:g} s in vain"
        time.sleep(0.05)


@dataclass
class Stage:
    """One home directory and the processes that work in it."""

    home: Path
    extra_settings: str = ""
    population: tuple[str, ...] = ("--by-number",)
    message: Path = MESSAGE
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.sip_port = free_ports(calls=1).sip
        settings = (
            f"{HOMES.database()}[rehearsal]\nsip_port = {self.sip_port}\n{self.extra_settings}"
        )
        (self.home / "portevoix.toml").write_text(settings)
        self.workspace: Workspace = open_workspace(self.home)
        with writing(self.workspace.engine) as connection:
            self.controller = controllers.ensure(connection, "Stage", datetime.now(UTC))

    # Processes

    def start_network(self) -> None:
        """The far side."""
        where = ("--sip-port", str(self.sip_port), "--ledger", str(self.ledger))
        self._start("network", "-m", "rehearsal", *where, *self.population)

    def start_dialer(self) -> None:
        """The dialer, with its PBX."""
        self._start("dialer", "-P", "-m", "cli.main", "--home", str(self.home), "dialer")

    def _start(self, name: str, *arguments: str) -> None:
        with (self.home / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.processes[name] = process
        assert process.stdout is not None
        assert process.stdout.readline(), (self.home / f"{name}.log").read_text()

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a process; a deadly one is waited for."""
        process = self.processes[name]
        process.send_signal(number)
        if number in {signal.SIGKILL, signal.SIGTERM}:
            process.wait(PATIENCE_S * 2)
            assert process.stdout is not None
            process.stdout.close()

    @property
    def pbx_pid(self) -> int:
        """Process of the local Asterisk."""
        return int(json.loads((self.home / "pbx" / "asterisk.json").read_text())["pid"])

    def close(self) -> None:
        """End everything that still runs."""
        for name, process in self.processes.items():
            if process.poll() is None:
                self.signal(name, signal.SIGCONT)
                self.signal(name, signal.SIGKILL)
        if (self.home / "pbx" / "asterisk.json").exists():
            with suppress(ProcessLookupError):
                os.kill(self.pbx_pid, signal.SIGKILL)
        self.workspace.engine.dispose()

    # Campaigns

    def prepare(
        self, numbers: Iterable[str], name: str = "Stage", trunk: str = "rehearsal", **limits: float
    ) -> int:
        """A campaign that calls these numbers, each with consent of its own."""
        return self.prepare_with(self.values(name, trunk, **limits), numbers)

    def prepare_with(self, values: CampaignValues, numbers: Iterable[str]) -> int:
        """The same, with every value given."""
        return self._prepared(values, [self.listed(numbers, values.name)])

    def listed(self, numbers: Iterable[str], name: str) -> int:
        """A list of these numbers, each with consent of its own."""
        rows = "\n".join(f"{number};2025-05-01;site;w1" for number in numbers)
        sheet = f"telephone;date_consentement;source_consentement;formulation\n{rows}\n"
        report = import_list(
            self.workspace.engine,
            self.controller,
            BytesIO(sheet.encode()),
            name=name,
            file_name=f"{name}.csv",
            provenance=Provenance("s", "m", date(2025, 6, 1), ("political",), WORDING),
            by="test",
        )
        assert report.rejected == 0, report
        return report.list_id

    def campaign(
        self, lists: list[int], name: str = "Stage", trunk: str = "rehearsal", **limits: float
    ) -> int:
        """A campaign that calls these lists."""
        return self._prepared(self.values(name, trunk, **limits), lists)

    def _prepared(self, values: CampaignValues, lists: list[int]) -> int:
        recordings = [self.recording()]
        return prepare_campaign(
            self.workspace, self.controller, values, recordings, lists, "test",
            script=None if values.trunk == "rehearsal" else SAID,
        )  # fmt: skip

    def recording(self) -> int:
        """The message that everybody hears; its id."""
        kept = keep_recording(
            self.workspace, self.controller, self.message, name="m", file_name="m.flac", by="test"
        )
        return int(kept["id"])

    def values(
        self, name: str = "Stage", trunk: str = "rehearsal", **limits: float
    ) -> CampaignValues:
        """What a campaign is, but for its people and its message."""
        rehearsal = trunk == "rehearsal"
        return CampaignValues(
            name=name,
            purpose="political",
            pack="fr-political",
            trunk=trunk,
            caller_id=CALLER_ID if rehearsal else "0162000001",
            ring_timeout_s=15,
            limits=LimitValues(**{"max_channels": 40, "max_cps": 10, **limits}),
            schedule=ScheduleValues(any_hour=rehearsal, no_election_by="A. Tester"),
            launch=LaunchValues(watch=not rehearsal),
            retry=RetryValues(
                max_attempts=2,
                delays={Outcome.BUSY: timedelta(seconds=2)},
                network_tries=2,
                network_delay=timedelta(seconds=2),
            ),
        )

    def act(self, campaign: int, action: Action) -> None:
        """Launch, pause, resume, drain or stop."""
        launch.act(self.workspace, self.controller, campaign, action, "test")

    def limit(self, campaign: int, max_channels: int, max_cps: float) -> None:
        """Put other limits in force while it runs."""
        limits = Limits(max_channels, max_cps)
        launch.limit(self.workspace, self.controller, campaign, limits, "test")

    def reopen(self) -> None:
        """Read the settings again."""
        self.workspace.engine.dispose()
        self.workspace = open_workspace(self.home)

    def arm(self, trunk: str) -> None:
        """Let a real trunk place calls."""
        trunks.arm(self.workspace, trunk, "A. Tester")

    def answered(self, trunk: str, number: str) -> None:
        """Somebody answers for a number being answered when called back."""
        trunks.attest(self.workspace, trunk, number, "A. Tester")

    def open_hours(self, campaign: int) -> None:
        """Let a campaign call at whatever hour the test runs."""
        hours = policies.windows_to_plain(ALWAYS)
        with writing(self.workspace.engine) as connection:
            connection.execute(
                update(tables.campaign)
                .where(tables.campaign.c.id == campaign)
                .values(windows=hours)
            )

    def progress(self, campaign: int) -> Progress:
        """Where it stands."""
        return progress_of(self.workspace, self.controller, campaign)

    def ended(self, campaign: int) -> bool:
        """Whether it is finished or stopped."""
        return self.progress(campaign).state in {"finished", "stopped"}

    # What the network saw

    @property
    def ledger(self) -> Path:
        """The network's own record."""
        return self.home / "ledger.jsonl"

    @property
    def calls(self) -> list[LedgerCall]:
        """Calls it saw so far."""
        return read(self.ledger) if self.ledger.exists() else []

    @property
    def up(self) -> list[LedgerCall]:
        """Calls that are up at this moment."""
        return [call for call in self.calls if call.ended_at is None]

    def verdict(self, campaign: int) -> Verdict:
        """Our record against the network's."""
        return judge(self.workspace, self.controller, campaign, self.ledger)

    def attempts(self, campaign: int) -> list[dict[str, Any]]:
        """Every attempt of a campaign."""
        from operations.report import all_attempts  # noqa: PLC0415

        return list(all_attempts(self.workspace, self.controller, campaign))


@contextmanager
def staged(root: Path, name: str, **settings: Any) -> Iterator[Stage]:
    """A stage that leaves nothing behind; its logs are shown where a test fails."""
    stage = Stage(root / hashlib.sha256(name.encode()).hexdigest()[:8], **settings)
    try:
        yield stage
    finally:
        stage.close()
        for log in (*stage.home.glob("*.log"), *stage.home.glob("pbx/log/messages")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-6000:]}")


def numbers(ending: int, count: int, first: int = 0) -> list[str]:
    """Fictional mobile numbers whose last two digits choose one behaviour of the network."""
    return [f"063998{first + index:02d}{ending:02d}" for index in range(count)]


Staging = Callable[..., Stage]
"""Makes stages that end with the test: the fixture `staging`."""
