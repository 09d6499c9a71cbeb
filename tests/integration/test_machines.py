"""Answering machines on a real Asterisk: greetings over RTP, and what the network saw of it."""

import signal
from zlib import crc32

import pytest
from stage import Stage, Staging, numbers, until

from campaigns.machine import MachineMode
from campaigns.states import Action
from operations.campaign_file import MachineValues
from operations.prepare import prepare_campaign
from rehearsal.behaviour import Voice
from rehearsal.ledger import LedgerCall
from rehearsal.voices import load_library
from store import campaigns as kept
from store.engine import reading

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

PERSON, REFUSES, MACHINE = 60, 11, 50
MACHINES = numbers(MACHINE, 6)
PEOPLE = [*numbers(PERSON, 4), *numbers(REFUSES, 3)]
CLOCKS_S = 0.1


def _prepare(stage: Stage, mode: MachineMode) -> int:
    """A campaign that calls machines and people."""
    listed = stage.prepare([*MACHINES, *PEOPLE], name=f"list of {mode}")
    with reading(stage.workspace.engine) as connection:
        lists = kept.lists_of(connection, listed)
    values = stage.values(f"{mode}").model_copy(update={"machines": MachineValues(mode=mode)})
    recording = stage.recording()
    left = [recording] if mode is MachineMode.LEAVE_MESSAGE else []
    return prepare_campaign(
        stage.workspace, stage.controller, values, [recording], lists, "test",
        machine_recording_ids=left,
    )  # fmt: skip


def _run(stage: Stage, mode: MachineMode) -> tuple[int, dict[str, str]]:
    """A campaign to its end; its id, and outcomes by number."""
    campaign = _prepare(stage, mode)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: all(one["outcome"] for one in stage.attempts(campaign)) and _all(stage, campaign))
    return campaign, {one["number"]: one["outcome"] for one in stage.attempts(campaign)}


def _all(stage: Stage, campaign: int) -> bool:
    return len(stage.attempts(campaign)) == len([*MACHINES, *PEOPLE])


def _e164(number: str) -> str:
    return f"+33{number[1:]}"


def _beep_over_s(number: str) -> float:
    """After the answer, on the machine at this number."""
    tracks = load_library().tracks[Voice.MACHINE]
    track = tracks[crc32(number[-9:].encode()) % len(tracks)]
    return (track.loop - track.first) * 0.020


def _last_calls(stage: Stage) -> dict[str, LedgerCall]:
    return {call.number: call for call in stage.calls}


def test_a_message_is_left_after_the_beep_and_people_hear_theirs(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign, outcomes = _run(stage, MachineMode.LEAVE_MESSAGE)
    assert {outcomes[_e164(one)] for one in MACHINES} == {"machine_message_left"}
    assert {outcomes[_e164(one)] for one in numbers(PERSON, 4)} == {"delivered"}
    assert {outcomes[_e164(one)] for one in numbers(REFUSES, 3)} == {"opted_out"}
    with reading(stage.workspace.engine) as connection:
        left_s = kept.by_id(connection, campaign).machines.message_ms / 1000
    calls = _last_calls(stage)
    for number in MACHINES:
        call = calls[_e164(number)]
        assert call.bye_at is not None
        assert call.answer_at is not None
        # What is left is played to its end, at which the PBX hangs up.
        begun = call.bye_at - left_s - call.answer_at
        assert begun >= _beep_over_s(call.number) - CLOCKS_S, call
    assert stage.verdict(campaign).faults == []


def test_machines_are_hung_up_on_before_the_beep_and_nobody_else_is(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign, outcomes = _run(stage, MachineMode.HANG_UP)
    assert {outcomes[_e164(one)] for one in MACHINES} == {"machine"}
    assert {outcomes[_e164(one)] for one in numbers(PERSON, 4)} == {"delivered"}
    assert {outcomes[_e164(one)] for one in numbers(REFUSES, 3)} == {"opted_out"}
    assert stage.verdict(campaign).faults == []


def test_without_a_dialer_the_message_plays_to_its_end(staging: Staging) -> None:
    stage = staging()
    stage.start_network()
    stage.start_dialer()
    campaign = _prepare(stage, MachineMode.HANG_UP)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: sum(call.answer_at is not None for call in stage.calls) >= 6)
    stage.signal("dialer", signal.SIGKILL)
    until(lambda: not stage.up)
    answered = {call.number for call in stage.calls if call.answer_at is not None}
    machines = answered & {_e164(one) for one in MACHINES}
    assert machines
    stage.act(campaign, Action.STOP)
    stage.start_dialer()
    until(lambda: stage.ended(campaign))
    outcomes = {one["number"]: one["outcome"] for one in stage.attempts(campaign)}
    assert {outcomes[number] for number in machines} == {"delivered"}
