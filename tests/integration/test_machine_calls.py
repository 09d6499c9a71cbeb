"""Answering machines on a real Asterisk: greetings over RTP, and what the network saw of it."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
import soundfile
from stage import MESSAGE, Stage, Staging, numbers, staged, until

from bench import answering
from campaigns.machine import MachineMode
from campaigns.states import Action
from operations.campaign_file import MachineValues
from operations.prepare import prepare_campaign
from operations.script_values import ScriptValues
from rehearsal import voices
from rehearsal.behaviour import Voice
from rehearsal.ledger import LedgerCall
from rehearsal.voices import load_library
from store import campaigns as kept
from store.engine import reading

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

PERSON, LISTENS, REFUSES, MACHINE = 60, 70, 11, 50
CLOCKS_S = 0.1


@dataclass(frozen=True)
class Called:
    """Whom a campaign calls, by what they do."""

    machines: list[str]
    people: list[str]
    refusing: list[str]

    @property
    def everybody(self) -> list[str]:
        return [*self.machines, *self.people, *self.refusing]


ANSWERS = Path(answering.__file__).with_name("answers")
VOICES = Path(voices.__file__).with_name("voices")
LONG_GREETINGS = (12, 13, 21)

LEFT, HUNG_UP_ON, ALONE, LONG = (
    Called(
        *(numbers(kind, count, first) for kind, count in ((MACHINE, 6), (PERSON, 4), (REFUSES, 3)))
    )
    for first in (0, 20, 40, 60)
)
ASKED = Called(numbers(MACHINE, 6, 60), numbers(LISTENS, 4), numbers(REFUSES, 3, 60))


@pytest.fixture(scope="module")
def stage(pbx_binary: object, pbx_root: Path) -> Iterator[Stage]:
    """One installation for all: each test calls other people."""
    with staged(pbx_root, "machines") as made:
        made.start_network()
        made.start_dialer()
        yield made


def _launched(
    stage: Stage, mode: MachineMode, called: Called, script: ScriptValues[int] | None = None
) -> int:
    """A campaign that calls machines and people."""
    listed = stage.listed(called.everybody, f"list of {called.machines[0]}")
    values = stage.values(f"{mode} {called.machines[0]}")
    values = values.model_copy(update={"machines": MachineValues(mode=mode)})
    recording = stage.recording()
    left = [recording] if mode is MachineMode.LEAVE_MESSAGE else []
    campaign = prepare_campaign(
        stage.workspace, stage.controller, values, [recording], [listed], "test",
        machine_recording_ids=left, script=script,
    )  # fmt: skip
    stage.act(campaign, Action.LAUNCH)
    return campaign


def _outcomes(stage: Stage, campaign: int) -> dict[str, str]:
    return {one["number"]: one["outcome"] for one in stage.attempts(campaign)}


def _until_called(stage: Stage, campaign: int, called: Called) -> dict[str, str]:
    """Wait until everybody was called; the outcomes by number."""
    until(
        lambda: (
            len([one for one in _outcomes(stage, campaign).values() if one])
            == len(called.everybody)
        )
    )
    return _outcomes(stage, campaign)


def _of(outcomes: dict[str, str], numbers_: list[str]) -> set[str]:
    return {outcomes[_e164(one)] for one in numbers_}


def _e164(number: str) -> str:
    return f"+33{number[1:]}"


def _beep_over_s(number: str) -> float:
    """After the answer, on the machine at this number."""
    tracks = load_library().tracks[Voice.MACHINE]
    track = tracks[crc32(number[-9:].encode()) % len(tracks)]
    return (track.loop - track.first) * 0.020


def _last_calls(stage: Stage) -> dict[str, LedgerCall]:
    return {call.number: call for call in stage.calls}


def _talkative(directory: Path) -> Path:
    """Machines whose greeting is longer than that of a firm, and the people there always are."""
    directory.mkdir()
    for person in VOICES.glob("human-*.flac"):
        shutil.copy(person, directory)
    for number in LONG_GREETINGS:
        words, rate = soundfile.read(ANSWERS / f"greeting-{number}.ogg")
        beep = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(int(0.4 * rate)) / rate)
        heard = [np.zeros(int(0.4 * rate)), 0.5 * words, np.zeros(rate // 2), beep]
        soundfile.write(directory / f"machine-{number}.flac", np.concatenate(heard), rate)
    return directory


def test_machines_whose_greeting_is_long_are_hung_up_on_and_nobody_else(
    staging: Staging, tmp_path: Path
) -> None:
    talkative = _talkative(tmp_path / "voices")
    samples, rate = soundfile.read(MESSAGE)
    soundfile.write(tmp_path / "long.flac", np.resize(samples, 20 * rate), rate)
    who = ("--by-number", "--voices", str(talkative))
    stage = staging(population=who, message=tmp_path / "long.flac")
    stage.start_network()
    stage.start_dialer()
    outcomes = _until_called(stage, _launched(stage, MachineMode.HANG_UP, LONG), LONG)
    found = _of(outcomes, LONG.machines)
    assert "machine" in found
    assert found <= {"machine", "delivered"}, "where there is a doubt, it is a person"
    assert _of(outcomes, LONG.people) == {"delivered"}
    assert _of(outcomes, LONG.refusing) == {"opted_out"}


def test_machines_get_what_is_theirs_and_people_the_message(stage: Stage) -> None:
    leaving = _launched(stage, MachineMode.LEAVE_MESSAGE, LEFT)
    hanging = _launched(stage, MachineMode.HANG_UP, HUNG_UP_ON)
    left = _until_called(stage, leaving, LEFT)
    hung_up_on = _until_called(stage, hanging, HUNG_UP_ON)
    assert _of(left, LEFT.machines) == {"machine_message_left"}
    assert _of(hung_up_on, HUNG_UP_ON.machines) == {"delivered"}, "short ones may be people's"
    for outcomes, called in ((left, LEFT), (hung_up_on, HUNG_UP_ON)):
        assert _of(outcomes, called.people) == {"delivered"}
        assert _of(outcomes, called.refusing) == {"opted_out"}
    with reading(stage.workspace.engine) as connection:
        seconds = kept.by_id(connection, leaving).machines.message_ms / 1000
    calls = _last_calls(stage)
    for number in LEFT.machines:
        call = calls[_e164(number)]
        assert call.rtp_last_at is not None
        assert call.answer_at is not None
        # What is left is played to its end, and nothing is sent after it.
        begun = call.rtp_last_at - seconds - call.answer_at
        assert begun >= _beep_over_s(call.number) - CLOCKS_S, call


def test_a_script_asks_people_and_leaves_machines_a_message(stage: Stage) -> None:
    question = {"name": "vote", "recording": "question", "answers": {"1": "oui", "2": "non"}}
    said = [["identity", "opt_out", "body", "data_source", "callback"]]
    script = ScriptValues[str].model_validate({"says": said, "tries": 1, "questions": [question]})
    campaign = _launched(
        stage, MachineMode.LEAVE_MESSAGE, ASKED, script.recorded(lambda _: stage.recording())
    )
    outcomes = _until_called(stage, campaign, ASKED)
    assert _of(outcomes, ASKED.machines) == {"machine_message_left"}
    assert _of(outcomes, ASKED.people) == {"delivered"}
    assert _of(outcomes, ASKED.refusing) == {"opted_out"}
    with reading(stage.workspace.engine) as connection:
        message_s = kept.by_id(connection, campaign).message_ms / 1000
    for call in (_last_calls(stage)[_e164(number)] for number in ASKED.people):
        assert call.answer_at is not None
        assert call.rtp_last_at is not None
        # The question is as long as the message here.
        assert call.rtp_last_at - call.answer_at > 2 * message_s, call


def test_without_a_dialer_the_message_plays_to_its_end(stage: Stage) -> None:
    theirs = {_e164(one) for one in ALONE.machines}
    campaign = _launched(stage, MachineMode.HANG_UP, ALONE)
    until(lambda: sum(c.answer_at is not None for c in stage.calls if c.number in theirs) >= 3)
    stage.signal("dialer", signal.SIGKILL)
    until(lambda: not stage.up)
    answered = {c.number for c in stage.calls if c.answer_at is not None} & theirs
    stage.act(campaign, Action.STOP)
    stage.start_dialer()
    until(lambda: stage.ended(campaign))
    outcomes = _outcomes(stage, campaign)
    assert answered
    assert {outcomes[number] for number in answered} == {"delivered"}
