"""A real Asterisk is started, adopted, reloaded and stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli_process import may_go_first, wait_until
from dialplan_calls import Caller, listen, write_sounds
from far_side import FarSide
from raw_ami import RawAmi

from campaigns.errors import PbxError
from campaigns.trunk import Codec, Trunk
from dialer.instance import inspect
from dialer.instance.configure import Instance
from dialer.instance.locate import Installation
from dialer.instance.ports import free_ports
from dialer.instance.process import Process
from dialer.instance.supervise import Supervisor

pytestmark = pytest.mark.pbx


@pytest.fixture
def own(
    pbx_binary: Installation, pbx_root: Path, far_side: FarSide, request: pytest.FixtureRequest
) -> Iterator[Supervisor]:
    """An instance of this test's own, not started."""
    ports = free_ports(calls=10)
    root = pbx_root / request.node.name.translate(str.maketrans("[]", "--"))
    trunk = Trunk("loop", "127.0.0.1", far_side.port)
    supervisor = Supervisor(
        Instance(root, ports.sip, ports.ami, ports.rtp_first, ports.rtp_last, (trunk,)), pbx_binary
    )
    yield supervisor
    supervisor.stop()


def test_it_starts_without_a_complaint(own: Supervisor) -> None:
    assert own.start() is False
    log = (own.instance.log / "messages").read_text()
    assert "modules will be loaded" in log
    assert not [line for line in log.splitlines() if "WARNING[" in line or "ERROR[" in line]


def test_it_runs_apart_from_us_and_not_as_root(own: Supervisor) -> None:
    own.start()
    process = own.process
    assert process is not None
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    assert Path(f"/proc/{process.pid}").stat().st_uid != 0


def test_it_goes_before_the_rest_where_we_may_say_so(own: Supervisor) -> None:
    own.start()
    process = own.process
    assert process is not None
    expected = os.SCHED_RR if may_go_first() else os.SCHED_OTHER
    threads = [int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()]
    assert len(threads) > 10
    assert {os.sched_getscheduler(one) for one in threads} == {expected}


def test_its_canary_lives_so_that_it_goes_on_going_before_the_rest(own: Supervisor) -> None:
    own.start()
    process = own.process
    assert process is not None
    (canary,) = _children_of(process.pid)
    assert any(part.endswith("/astcanary") for part in canary.command_line)
    assert os.sched_getscheduler(canary.pid) == os.SCHED_OTHER
    song = next(own.instance.run.glob("*canary*"))
    os.utime(song, (0, 0))
    wait_until(lambda: song.stat().st_mtime > 0)
    own.stop()
    assert not canary.alive


def _children_of(pid: int) -> list[Process]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in map(Process.of, map(int, listed)) if child]


def test_a_running_one_is_adopted_and_not_started_twice(own: Supervisor) -> None:
    own.start()
    next_dialer = Supervisor(own.instance, own.installation)
    assert next_dialer.start() is True
    assert next_dialer.process == own.process


def test_it_survives_the_death_of_the_dialer_that_started_it(
    own: Supervisor, tmp_path: Path
) -> None:
    instance = own.instance
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from dialer.instance.configure import Instance\n"
        "from dialer.instance.locate import find_installation\n"
        "from dialer.instance.supervise import Supervisor\n"
        f"one = Instance(Path({str(instance.root)!r}), {instance.sip_port}, {instance.ami_port}, "
        f"{instance.rtp_first}, {instance.rtp_last})\n"
        "Supervisor(one, find_installation()).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    repository = Path(inspect.__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert own.running
    assert own.start() is True


def test_one_that_died_is_started_again(own: Supervisor) -> None:
    own.start()
    first = own.process
    assert first is not None
    assert own.ensure() is False
    assert first.end(signal.SIGKILL, 5)
    assert not own.running
    assert own.ensure() is True
    assert own.process != first


def test_one_whose_directory_was_removed_is_ended_by_the_next(own: Supervisor) -> None:
    own.start()
    lost = own.process
    assert lost is not None
    shutil.rmtree(own.instance.root)
    assert not own.running
    assert own.start() is False
    assert not lost.alive
    assert own.process != lost


def test_a_stranger_with_the_noted_pid_is_left_alone(own: Supervisor) -> None:
    own.start()
    own.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        noted = own.instance.root / "asterisk.json"
        started = int(Path(f"/proc/{stranger.pid}/stat").read_text().rpartition(")")[2].split()[19])
        noted.write_text(json.dumps({"pid": stranger.pid, "started": started}))
        assert not own.running
        own.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_one_without_its_modules_is_no_pbx(own: Supervisor) -> None:
    broken = Supervisor(own.instance, replace(own.installation, modules=Path("/nowhere")))
    with pytest.raises(PbxError, match=r"not loaded app_controlplayback\.so, "):
        broken.start()
    assert not broken.running


def test_what_keeps_it_from_starting_is_told(own: Supervisor) -> None:
    own.start()
    own.stop()
    (own.instance.state / "astdb.sqlite3").unlink()
    (own.instance.state / "astdb.sqlite3").mkdir()
    with pytest.raises(PbxError, match=r"ended while starting\. It said: "):
        own.start()


def test_a_port_of_another_program_is_not_taken_for_ours(
    asterisk: Supervisor, own: Supervisor
) -> None:
    taken = replace(own.instance, ami_port=asterisk.instance.ami_port)
    with pytest.raises(PbxError, match=f"Port {taken.ami_port} is in use"):
        Supervisor(taken, own.installation).start()


def test_a_new_trunk_is_taken_while_calls_go_on(own: Supervisor, far_side: FarSide) -> None:
    own.start()
    write_sounds(own.instance.sounds)
    client = RawAmi(own.instance.ami_port, own.instance.ami_secret)
    running = Caller(own, client, far_side).place(listen)
    far_side.call_to(running.number).first_audio.wait(5)
    second = Trunk("second", "127.0.0.1", far_side.port, Codec.ULAW)
    own.apply(replace(own.instance, trunks=(*own.instance.trunks, second)))
    findings = {finding.name: finding for finding in inspect.inspect_instance(own)}
    assert findings["trunk second"].ok, findings["trunk second"]
    assert running.ended()["Result"] == "played"
    client.close()


def test_a_changed_trunk_is_in_force_and_a_removed_one_is_gone(own: Supervisor) -> None:
    own.start()
    changed = replace(own.instance.trunks[0], codec=Codec.ULAW, port=5999)
    own.apply(replace(own.instance, trunks=(changed,)))
    shown = own.command("pjsip show endpoint loop")
    assert "allow                              : (ulaw)" in shown
    assert "sip:127.0.0.1:5999" in shown
    own.apply(replace(own.instance, trunks=()))
    assert "Unable to find object loop" in own.command("pjsip show endpoint loop")


def test_a_trunk_that_needs_another_address_takes_a_restart(own: Supervisor) -> None:
    own.start()
    outside = Trunk("carrier", "192.0.2.1")
    with pytest.raises(PbxError, match="restart"):
        own.apply(replace(own.instance, trunks=(outside,), sip_address="127.0.0.2"))


def test_its_account_can_do_no_more_than_calls_need(own: Supervisor) -> None:
    own.start()
    client = RawAmi(own.instance.ami_port, own.instance.ami_secret)
    for action in ("Command", "GetConfig", "PJSIPShowEndpoints", "DBPut"):
        refused = client.ask(action, Command="core show version", Filename="manager.conf")
        assert refused["Response"] == "Error", refused
    assert client.ask("CoreShowChannels")["Response"] == "Success"
    assert client.ask("Getvar", Variable="PJSIP_AOR(loop,contact)")["Response"] == "Success"
    client.close()


def test_a_started_instance_is_found_sound(own: Supervisor, tmp_path: Path) -> None:
    own.start()
    findings = list(inspect.inspect_instance(own))
    assert [finding for finding in findings if not finding.ok] == []
    assert {"PBX modules", "AMI rights", "trunk loop", "journal"} <= {f.name for f in findings}
    recording = tmp_path / "3f2a.alaw"
    recording.write_bytes(b"\xd5" * 160)
    shutil.copy(recording, own.instance.sounds)
    sound = str(own.instance.sounds / "3f2a")
    assert inspect.inspect_sound(own, sound, Codec.ALAW).ok
    assert not inspect.inspect_sound(own, sound, Codec.ULAW).ok


def test_each_fault_is_found_and_has_a_remedy(own: Supervisor) -> None:
    (stopped,) = inspect.inspect_instance(own)
    assert not stopped.ok
    own.start()
    own.command("module unload app_read.so")
    manager = own.instance.etc / "manager.conf"
    manager.write_text(manager.read_text().replace("read = call,user", "read = all"))
    own.command("manager reload")
    own.instance.journal.chmod(0o500)
    other = replace(own.instance, trunks=(Trunk("unknown", "127.0.0.1"),))
    faults = {
        finding.name: finding
        for finding in inspect.inspect_instance(Supervisor(other, own.installation))
        if not finding.ok
    }
    expected = {"PBX modules", "AMI rights", "trunk unknown", "journal"}
    assert expected == set(faults)
    assert all(finding.remedy for finding in faults.values())
    assert "app_read.so" in faults["PBX modules"].detail
