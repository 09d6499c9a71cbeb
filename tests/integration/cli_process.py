"""The command line as processes of their own, and what they leave behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CLONE = Path(__file__).parents[2]
PORTEVOIX = [str(Path(sys.executable).with_name("portevoix"))]

PEOPLE = 12

CAMPAIGN = """
name = "Essai"
controller = "Comité"
purpose = "political"
pack = "fr-political"
trunk = "rehearsal"
caller_id = "01 99 00 12 34"
ring_timeout_s = 15
recordings = ["{recording}"]

[limits]
max_channels = 20
max_cps = 5

[schedule]
any_hour = true

[retry]
max_attempts = 1

[[lists]]
file = "liste.csv"
supplier = "Comité"
method = "formulaire"
collected_on = 2025-12-31
purposes = ["political"]

[lists.wordings]
w1 = "J'accepte."
"""


def new_home(root: Path) -> Path:
    """A home directory that the PBX's user can reach, with a name short enough for its socket."""
    made = Path(tempfile.mkdtemp(prefix="h-", dir=root))
    made.chmod(0o711)
    return made


def write_campaign(directory: Path) -> Path:
    """A campaign file over a few people, in a directory of its own."""
    directory.mkdir()
    rows = "".join(f"06 39 98 10 {n:02d};01/11/2025;site;w1\n" for n in range(PEOPLE))
    (directory / "liste.csv").write_text("telephone;date_consentement;source;formulation\n" + rows)
    file = directory / "campaign.toml"
    recording = CLONE / "examples" / "message-court.flac"
    file.write_text(CAMPAIGN.format(recording=recording))
    return file


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command that runs beside the test."""
    return subprocess.Popen(
        [*PORTEVOIX, "--home", str(home), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(home: Path, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """A command, to its end."""
    return subprocess.run(
        [*PORTEVOIX, "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def processes(home: Path, word: str = "") -> list[int]:
    """Live processes whose command line names this home directory, and this word."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(home) in line and word in line:
            found.append(int(entry.name))
    return found


def wait_until(holds: Callable[[], object], within_s: float = 60) -> None:
    """Wait for a condition of another process, of which nobody tells us."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def kill_all(home: Path) -> None:
    """End whatever a failed test left."""
    for pid in processes(home):
        os.kill(pid, signal.SIGKILL)


def may_go_first() -> bool:
    """Whether somebody like us is given real-time scheduling: tried on a child."""
    child = subprocess.Popen(["sleep", "60"])
    try:
        os.sched_setscheduler(child.pid, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    finally:
        child.kill()
        child.wait()
    return True
