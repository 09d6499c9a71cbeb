"""A message that begins too late: told call by call, and enough to hold a campaign."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from dialplan_calls import MESSAGE_MS, Caller, write_sounds
from far_side import Call, FarSide
from raw_ami import RawAmi
from stage import Stage, Staging, numbers, until

from campaigns.stages import LATE_MS, LEAST_CALLS, Measure
from campaigns.states import Action
from dialer.instance.locate import find_installation
from dialer.instance.supervise import Supervisor
from operations.campaign_file import LaunchValues

pytestmark = pytest.mark.pbx

DELAY_S = 1.2
PEOPLE = LEAST_CALLS


@pytest.fixture
def caller(asterisk: Supervisor, ami: RawAmi, far_side: FarSide) -> Caller:
    write_sounds(asterisk.instance.sounds)
    return Caller(asterisk, ami, far_side)


@pytest.fixture
def slow_disk(asterisk: Supervisor) -> Iterator[str]:
    """A recording that cannot be opened at once: a pipe, which somebody must open to write."""
    path = asterisk.instance.sounds / "slow.alaw"
    os.mkfifo(path, 0o644)
    yield str(path.with_suffix(""))
    path.unlink()


def test_the_time_from_the_answer_to_the_first_sample_is_told(
    caller: Caller, slow_disk: str
) -> None:
    message = (caller.asterisk.instance.sounds / "message.alaw").read_bytes()

    def deliver_late(call: Call) -> None:
        call.answer()
        assert call.acknowledged.wait(5)
        time.sleep(DELAY_S)
        with open(f"{slow_disk}.alaw", "wb") as pipe:  # noqa: PTH123 - a pipe
            pipe.write(message)
        call.ended.wait(20)

    end = caller.place(deliver_late, PV_MESSAGE=slow_disk).ended()
    assert end["Result"] == "played"
    assert int(end["First"]) == pytest.approx(DELAY_S * 1000, abs=150)
    assert int(end["Sent"]) == pytest.approx(MESSAGE_MS / 20, abs=2)


def test_a_key_or_a_hang_up_in_the_message_changes_nothing_of_when_it_began(
    caller: Caller,
) -> None:
    def press_and_leave(call: Call) -> None:
        call.answer()
        assert call.first_audio.wait(5)
        time.sleep(0.4)
        call.press("5")
        time.sleep(0.4)
        call.hang_up()
        call.ended.set()

    assert -20 <= int(caller.place(press_and_leave).ended()["First"]) <= 80


def test_who_waits_in_vain_and_leaves_was_on_a_silent_line(caller: Caller, slow_disk: str) -> None:
    def leave(call: Call) -> None:
        call.answer()
        assert call.acknowledged.wait(5)
        time.sleep(DELAY_S)
        call.hang_up()
        call.ended.set()

    placed = caller.place(leave, PV_MESSAGE=slow_disk)
    call = caller.far_side.call_to(placed.number)
    assert call.ended.wait(10)
    threading.Thread(target=_open_once, args=(f"{slow_disk}.alaw",), daemon=True).start()
    end = placed.ended()
    assert (end["Sent"], end["Result"]) == ("0", "playing")
    assert int(end["First"]) >= DELAY_S * 1000


def _open_once(path: str) -> None:
    """Let whoever waits for the recording go on."""
    with open(path, "wb"):  # noqa: PTH123 - a pipe
        pass


def _delay_every_message(stage: Stage, seconds: float) -> None:
    """Have the running PBX wait between the answer and the message."""
    etc = stage.home / "pbx" / "etc"
    dialplan = etc / "extensions.conf"
    text = dialplan.read_text()
    late = text.replace(" same => n(play),", f" same => n(play),Wait({seconds})\n same => n,", 1)
    assert late != text
    dialplan.write_text(late)
    reload_ = find_installation().asterisk(
        "-C", str(etc / "asterisk.conf"), "-rx", "dialplan reload"
    )
    subprocess.run(reload_, check=True, capture_output=True)


def test_a_campaign_whose_messages_begin_too_late_is_held(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    _delay_every_message(stage, LATE_MS / 1000 + 0.4)
    values = stage.values(max_cps=20, max_channels=100).model_copy(
        update={"launch": LaunchValues(stages=[PEOPLE, 200])}
    )
    campaign = stage.prepare_with(values, numbers(2, 99))
    stage.act(campaign, Action.LAUNCH)
    until(lambda: stage.progress(campaign).hold)
    hold = stage.progress(campaign).hold
    assert hold is not None
    assert (hold.measure, hold.share) == (Measure.SILENT_CALLS, 1.0)
    until(lambda: stage.progress(campaign).outcomes == {"hung_up_early": PEOPLE})
    assert len(stage.calls) == PEOPLE
    waits = [one["first_ms"] for one in stage.attempts(campaign) if one["answered_at"]]
    assert len(waits) == PEOPLE
    assert all(LATE_MS < wait < LATE_MS + 1000 for wait in waits)
