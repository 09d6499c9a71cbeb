"""Machines that answer a call with a script: what is done on them, whatever was being said."""

from collections.abc import Iterator

import pytest
from dialplan_calls import Caller, Placed, until
from far_side import Call, FarSide
from raw_ami import RawAmi
from script_calls import (
    SOUND_MS,
    answered,
    hear,
    hear_on,
    heard,
    packets_of,
    place,
    replies,
    write_script_sounds,
)

from dialer.instance.supervise import Supervisor

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(120)]

LEFT = "source"
"""The sound that is left on machines here."""


@pytest.fixture(scope="module")
def caller(asterisk: Supervisor, far_side: FarSide) -> Iterator[Caller]:
    write_script_sounds(asterisk.instance.sounds)
    client = RawAmi(asterisk.instance.ami_port, asterisk.instance.ami_secret)
    yield Caller(asterisk, client, far_side)
    client.close()


def heard_by_dialer(caller: Caller, *keys: tuple[str, str], **changed: str) -> Placed:
    """A call of a campaign that cares who answers."""
    sounds = caller.asterisk.instance.sounds / "script"
    cares = {"PV_LISTEN": "1", "PV_MACHINE": f"{sounds}/{LEFT}", "PV_TRIES": "1"}
    return place(caller, answered(*keys), **(cares | changed))


def judged(caller: Caller, placed: Placed, sound: str, what: str) -> Call:
    """Have the dialer say in the midst of a sound that it is a machine."""
    call = caller.far_side.call_to(placed.number)
    hear(call, sound)
    hear_on(call, sound, 10)
    order(caller, placed, what)
    return call


def order(caller: Caller, placed: Placed, what: str) -> None:
    where = {"Context": "portevoix-machine", "Exten": what, "Priority": "1"}
    answer = caller.ami.ask("Redirect", Channel=placed.attempt_id, **where)
    assert answer["Response"] == "Success", answer


def test_a_machine_is_hung_up_on_in_a_question(caller: Caller) -> None:
    placed = heard_by_dialer(caller)
    judged(caller, placed, "question-1", "hangup")
    end = placed.ended()
    assert (end["Result"], end["Keys"], end["Cause"]) == ("machine", "", "16")
    assert int(end["Heard"]) >= SOUND_MS, "all of the message, and some of the question"
    assert int(end["First"]) < 500
    assert replies(placed) == []


def test_a_message_is_left_from_a_question(caller: Caller) -> None:
    placed = heard_by_dialer(caller)
    call = judged(caller, placed, "question-1", "leave")
    end = placed.ended()
    assert end["Result"] == "left"
    assert heard(call) == ["message", "question-1", LEFT]
    assert SOUND_MS - 100 < int(end["Heard"]) < SOUND_MS + 400, "of the message for machines"
    assert replies(placed) == []


def test_a_machine_that_hangs_up_has_heard_a_part_of_it(caller: Caller) -> None:
    placed = heard_by_dialer(caller)
    call = judged(caller, placed, "question-1", "leave")
    hear(call, LEFT)
    hear_on(call, LEFT, 15)
    call.hang_up()
    call.ended.set()
    end = placed.ended()
    assert end["Result"] == "leaving"
    assert 200 < int(end["Heard"]) < SOUND_MS


def test_a_refusal_in_what_is_left_tells_how_far_the_campaigns_own_was_heard(
    caller: Caller,
) -> None:
    placed = heard_by_dialer(caller, (LEFT, "9"))
    call = judged(caller, placed, "question-1", "leave")
    end = placed.ended()
    assert end["Result"] == "optout"
    assert int(end["Heard"]) >= SOUND_MS
    assert heard(call)[-2:] == [LEFT, "confirmation"]


@pytest.mark.parametrize("what", ["hangup", "leave"])
def test_whoever_pressed_a_key_meanwhile_is_asked_on(caller: Caller, what: str) -> None:
    """The order of a dialer that had not heard of the key."""
    placed = heard_by_dialer(caller, ("question-1", "2"))
    call = judged(caller, placed, "question-2", what)
    end = placed.ended()
    assert end["Result"] == "played"
    assert replies(placed) == [["answer", "1", "2"]]
    assert heard(call) == ["message", "question-1", "noted", "question-2", "thanks"]
    assert packets_of(call, "question-2") > SOUND_MS / 20 + 5, "the question is put again"


def test_whoever_pressed_a_key_in_the_message_hears_the_rest(caller: Caller) -> None:
    placed = heard_by_dialer(caller, ("message", "5"), PV_QUESTIONS="0")
    until(placed.pressed)
    call = judged(caller, placed, "message", "hangup")
    end = placed.ended()
    assert (end["Result"], end["Keys"]) == ("played", "5")
    assert heard(call) == ["message"]
    assert int(end["Heard"]) == pytest.approx(SOUND_MS, abs=150)


def test_the_line_is_kept_for_a_greeting_until_somebody_presses_a_key(caller: Caller) -> None:
    placed = heard_by_dialer(caller, ("message", "5"), PV_QUESTIONS="0")
    caller.far_side.call_to(placed.number)
    caller.ami.ask("Setvar", Channel=placed.attempt_id, Variable="PV_TAIL", Value="30")
    end = placed.ended()
    answered_at, ended_at = int(end["Answered"]), int(end["Ended"])
    assert (ended_at - answered_at) / 1000 < 12, "three seconds, as for anybody"
