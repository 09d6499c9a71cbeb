"""`portevoix serve` keeps its programs running, alone for its home, and ends them in order."""

import os
import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_process import kill_all, new_home, processes, run, start, wait_until

from dialer.instance.ports import free_ports

pytestmark = [pytest.mark.pbx, pytest.mark.slow]


@pytest.fixture
def home(pbx_root: Path) -> Iterator[Path]:
    made = new_home(pbx_root)
    ports = free_ports(1)
    text = f"[rehearsal]\nsip_port = {ports.sip}\n[api]\nport = {ports.ami}\n"
    (made / "portevoix.toml").write_text(text)
    yield made
    kill_all(made)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address + "health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.usefixtures("pbx_binary")
def test_it_keeps_everything_running_and_leaves_nothing_behind(home: Path) -> None:
    served = start(home, "serve")
    assert served.stdout is not None
    address = served.stdout.readline().split()[-1]
    set_up = served.stdout.readline().split()[-1]
    assert re.fullmatch(rf"{address}setup/\S+", set_up)
    wait_until(lambda: answers(address))
    with urllib.request.urlopen(set_up, timeout=5) as page:  # noqa: S310
        assert page.status == 200
    wait_until(lambda: "Ready to place calls." in served.stdout.readline())

    refused = run(home, "serve")
    assert (refused.returncode, "runs already" in refused.stderr) == (1, True)

    (dialer,) = processes(home, " dialer")
    os.kill(dialer, signal.SIGKILL)
    wait_until(lambda: processes(home, " dialer") not in ([], [dialer]))
    wait_until(lambda: "Ready to place calls." in served.stdout.readline())

    served.send_signal(signal.SIGTERM)
    said, _ = served.communicate(timeout=60)
    assert served.returncode == 0, said
    assert processes(home) == []


@pytest.mark.usefixtures("pbx_binary")
def test_its_programs_end_when_it_is_killed(home: Path) -> None:
    served = start(home, "serve")
    assert served.stdout is not None
    wait_until(lambda: "Ready to place calls." in served.stdout.readline())
    served.kill()
    served.communicate(timeout=60)
    wait_until(lambda: processes(home) == [])
