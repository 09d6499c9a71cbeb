"""Real processes stopped, continued and put twice, over a real Asterisk."""

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from stage import Stage, Staging, numbers, until

from campaigns.states import Action
from cli.lookup import dialer_status
from store.sqlite import driver as sqlite3

pytestmark = [pytest.mark.pbx, pytest.mark.slow, pytest.mark.timeout(240)]

ANSWERS = 60
"""An ending that is not in the network's table: answers after 0.2 s and listens."""


def portevoix(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in this home, as a person gives it."""
    command = [sys.executable, "-P", "-m", "cli.main", "--home", str(stage.home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def stop_between_transactions(stage: Stage) -> None:
    """Stop the dialer where it does not keep the database locked, as nobody could write then."""
    dialer = Path(f"/proc/{stage.processes['dialer'].pid}/stat")
    with closing(sqlite3.connect(stage.home / "portevoix.db", timeout=0)) as connection:
        while True:
            stage.signal("dialer", signal.SIGSTOP)
            until(lambda: dialer.read_text().rpartition(")")[2].split()[0] == "T")
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                stage.signal("dialer", signal.SIGCONT)
            else:
                connection.rollback()
                return


def test_who_refuses_while_the_dialer_is_stopped_is_not_called_when_it_goes_on(
    staging: Staging,
) -> None:
    """A refusal by the command line; a second dialer, started by mistake, changes nothing."""
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    called = numbers(ANSWERS, 40)
    campaign = stage.prepare(called, max_cps=6)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.calls) >= 8)
    stop_between_transactions(stage)
    seen = {one["number"] for one in stage.attempts(campaign)}
    late = [one for one in called if f"+33{one[1:]}" not in seen]
    sheet = stage.home / "refusals.csv"
    sheet.write_text("telephone\n" + "\n".join(late[:20]) + "\n")
    done = portevoix(stage, "suppressions", "import", str(sheet), "--controller", "Stage")
    assert done.returncode == 0, done.stderr
    second = portevoix(stage, "dialer")
    assert (second.returncode, "drives this database" in second.stderr) == (1, True)
    stage.signal("dialer", signal.SIGCONT)
    until(lambda: stage.ended(campaign))
    refused = {f"+33{one[1:]}" for one in late[:20]}
    assert {call.number for call in stage.calls} & refused == set()
    assert len(stage.calls) == len(called) - len(refused)
    assert stage.progress(campaign).gates["suppressed"] == 20
    assert stage.verdict(campaign).called_twice == []


def test_a_dialer_that_was_stopped_is_ended_by_the_one_that_takes_its_place(
    staging: Staging,
) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = stage.prepare(numbers(ANSWERS, 40), max_cps=6)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: len(stage.calls) >= 8)
    first = stage.processes.pop("dialer")
    first.send_signal(signal.SIGSTOP)
    until(lambda: dialer_status(stage.workspace) is None)
    stage.start_dialer()
    assert first.wait(10) == -signal.SIGKILL
    assert first.stdout is not None
    first.stdout.close()
    until(lambda: stage.ended(campaign), 120)
    assert len(stage.calls) == 40
    verdict = stage.verdict(campaign)
    assert (verdict.called_twice, verdict.in_doubt, verdict.lost) == ([], [], [])
