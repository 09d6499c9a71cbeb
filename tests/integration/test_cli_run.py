"""A campaign is run from its file with no server there, left, taken up again, and ended."""

import json
import signal
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
)  # fmt: skip

from dialer.instance.ports import free_ports

pytestmark = [pytest.mark.pbx, pytest.mark.slow]


@pytest.fixture
def home(pbx_root: Path) -> Iterator[Path]:
    made = new_home(pbx_root)
    settings = f'[rehearsal]\nsip_port = {free_ports(1).sip}\nprofile = "answers"\n'
    (made / "portevoix.toml").write_text(settings)
    yield made
    kill_all(made)
    for log in sorted((made / "log").glob("*.log")):
        print(f"--- {log.name}\n{log.read_text()[-4000:]}")


@pytest.mark.usefixtures("pbx_binary")
def test_it_is_left_with_ctrl_c_and_goes_on_with_the_same_command(
    home: Path, tmp_path: Path
) -> None:
    file = str(write_campaign(tmp_path / "files"))
    with start(home, "campaign", "run", file) as first:
        wait_until(lambda: first.poll() is not None or _calling(home))
        first.send_signal(signal.SIGINT)
        said, _ = first.communicate(timeout=60)
    assert first.returncode == 130, said
    assert f"«Essai» is paused. To go on: portevoix campaign run {file}" in said
    assert processes(home) == []

    second = run(home, "campaign", "run", file, "--json")
    assert second.returncode == 0, second.stderr
    report = json.loads(second.stdout.splitlines()[-1])
    assert report["progress"]["state"] == "finished"
    assert report["progress"]["attempts"] == report["progress"]["done"] == PEOPLE
    assert report["in_doubt"] == 0
    assert processes(home) == []


def _calling(home: Path) -> bool:
    done = run(home, "campaign", "show", "Essai", "--json")
    return done.returncode == 0 and json.loads(done.stdout)["attempts"] > 2


@pytest.mark.usefixtures("pbx_binary")
def test_a_dialer_that_cannot_start_is_told_with_its_own_words(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_campaign(tmp_path / "files")
    monkeypatch.setenv("PORTEVOIX_PBX_TREE", str(tmp_path / "nothing"))
    done = run(home, "campaign", "run", str(file))
    assert done.returncode == 1
    assert "The dialer ended" in done.stderr
    assert "There is no Asterisk in" in done.stderr
    assert processes(home) == []
    state = json.loads(run(home, "campaign", "show", "Essai", "--json").stdout)["state"]
    assert state == "draft"
