"""The machine is lost amid a campaign, and goes on from its backup on another: nobody twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_process import (
    PEOPLE,
    kill_all,
    new_home,
    processes,
    run,
    start,
    wait_until,
    write_campaign,
)

from dialer.instance.ports import free_ports
from rehearsal.ledger import read

pytestmark = [pytest.mark.pbx, pytest.mark.slow]


@pytest.fixture
def homes(pbx_root: Path) -> Iterator[tuple[Path, Path]]:
    """The one that is lost, with the settings of a network that outlives it, and the next."""
    lost, new = new_home(pbx_root), new_home(pbx_root)
    settings = f'[rehearsal]\nsip_port = {free_ports(1).sip}\nprofile = "answers"\n'
    (lost / "portevoix.toml").write_text(settings)
    yield lost, new
    for home in (lost, new):
        kill_all(home)


def done(home: Path, *arguments: str) -> str:
    """What a command said that must succeed."""
    found = run(home, *arguments)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


@pytest.mark.usefixtures("pbx_binary")
def test_a_campaign_goes_on_from_its_backup(homes: tuple[Path, Path], tmp_path: Path) -> None:
    lost, new = homes
    file, ledger = str(write_campaign(tmp_path / "files")), tmp_path / "ledger.jsonl"
    backup, key = str(tmp_path / "backup"), str(tmp_path / "key")

    def called() -> Counter[str]:
        return Counter(call.number for call in read(ledger))

    with start(lost, "network", "--ledger", str(ledger)) as network:
        assert network.stdout
        assert "sip_port" in network.stdout.readline()
        with start(lost, "campaign", "run", file) as first:
            wait_until(lambda: first.poll() is not None or called())
            done(lost, "backup", backup, "--by", "Ana")
            done(lost, "suppressions", "key", "backup", key)
            at_backup = called()
            wait_until(lambda: first.poll() is not None or called() > at_backup)
            for pid in processes(lost):
                if pid != network.pid:
                    os.kill(pid, signal.SIGKILL)
            first.wait(10)
        journals = str(lost / "pbx" / "journal")
        said = done(new, "restore", backup, "--key", key, "--journals", journals, "--by", "Ana")
        assert "Campaigns held: 1." in said
        done(new, "campaign", "release", "Essai", "--controller", "Comité", "--by", "Ana")
        report = done(new, "campaign", "run", file)
        network.send_signal(signal.SIGINT)
        network.communicate(timeout=30)
    assert "finished" in report
    assert called().most_common(1)[0][1] == 1, "nobody twice"
    in_doubt = PEOPLE - len(called())
    assert in_doubt == 0 or "in_doubt" in report, "and nobody forgotten"
