"""What stands around the dialer: the simulated network, and what the page is made of."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import api
from cli.doctor.check import Check, fault, ok, warning
from operations.settings import Settings

_VENDOR = Path(api.__file__).parent / "dashboard" / "static" / "vendor"
_START_S = 20.0


def look(settings: Settings) -> Iterator[Check]:
    """Look at them."""
    yield _network(settings)
    yield _assets()


def _network(settings: Settings) -> Check:
    """Start the simulated network on free ports, and end it."""
    with tempfile.TemporaryDirectory(prefix="portevoix-network-") as aside:
        command = [
            sys.executable, "-P", "-m", "rehearsal", "--sip-port", "0",
            "--profile", settings.rehearsal.profile, "--ledger", str(Path(aside) / "ledger.jsonl"),
        ]  # fmt: skip
        with subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as started:
            assert started.stdout is not None  # noqa: S101 - piped above
            line = started.stdout.readline()
            started.terminate()
            _, said = started.communicate(timeout=_START_S)
    if not line:
        return fault("rehearsal", said.strip() or "It did not start.", "See [rehearsal].")
    return ok("rehearsal", f"The simulated network starts (UDP {json.loads(line)['sip_port']}).")


def _assets() -> Check:
    scripts = [file for file in _VENDOR.glob("*.js") if file.stat().st_size]
    if scripts:
        return ok("page", f"Its scripts are here: {', '.join(file.name for file in scripts)}")
    return warning("page", f"{_VENDOR} has no script; the page does not refresh itself.",
        "Run «make assets», or install the wheel.")  # fmt: skip
