"""What keys do in a call that has a script, on a real Asterisk, call by call.

Most calls are placed at once, as each takes some seconds; every test looks at its own.
"""

import threading
import time
from collections.abc import Iterator

import pytest
from dialplan_calls import Caller, Placed, until
from far_side import Call, FarSide, Script
from raw_ami import RawAmi
from script_calls import (
    AGENTS,
    HALF_WAY,
    SOUND_MS,
    answered,
    hear,
    hear_on,
    heard,
    place,
    press_anew,
    press_at,
    replies,
    write_script_sounds,
)

from dialer.events import Replied
from dialer.instance.supervise import Supervisor
from dialer.journal import read

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(120)]

MOST = 5

BUSY, RINGING, ELSEWHERE, LEAVING, REFUSED, KEPT = (f"+331990099{n:02d}" for n in range(1, 7))
"""Whom transfers reach, and what they do."""


def press_too_soon(call: Call) -> None:
    call.answer()
    hear(call, "question-1")
    call.press("1", lasting_s=0.04)
    hear_on(call, "question-1", HALF_WAY)
    call.press("2")
    call.ended.wait(30)


def agree_too_late(call: Call) -> None:
    """With a key that was meant for the message, and came through after it."""
    call.answer()
    hear(call, "question-1")
    call.press("*", lasting_s=0.04)
    hear(call, "consented")
    press_at(call, "question-1", "2")
    call.ended.wait(30)


def agree_again(call: Call) -> None:
    call.answer()
    press_at(call, "message", "1")
    press_at(call, "source", "*")
    press_anew(call, "consented", "*")
    call.ended.wait(30)


def insist(call: Call) -> None:
    """Four times, and then another key tells how far the message went on."""
    call.answer()
    for _ in range(4):
        press_anew(call, "message", "0")
    hear_on(call, "message", 3)
    call.press("7", lasting_s=0.04)
    call.ended.wait(30)


def press_by_both(call: Call) -> None:
    call.answer()
    hear(call, "question-1")
    hear_on(call, "question-1", HALF_WAY)
    call.info("1")
    call.press("1")
    press_at(call, "question-2", "1")
    call.ended.wait(30)


def again_and_leave(call: Call) -> None:
    call.answer()
    press_at(call, "message", "0")
    hear_on(call, "message", 5)
    call.hang_up()
    call.ended.set()


def ask_and_breathe(call: Call) -> None:
    """Asterisk makes a tone at the pace of what it hears, and telephones are never silent."""
    call.answer()
    press_at(call, "message", "#")
    while not call.ended.wait(0.02):
        call.sound()


def ask_and_refuse(call: Call) -> None:
    call.answer()
    press_at(call, "message", "#")
    until(lambda: any(one.last_reply for one in call.far.calls_to(REFUSED)))
    call.press("9")
    call.ended.wait(30)


def pick_up(call: Call) -> None:
    """Somebody who answers a transfer and waits for the caller to hang up."""
    call.ring()
    call.answer()
    call.ended.wait(60)


def redirect(call: Call) -> None:
    contact = f"Contact: <sip:+33639989999@127.0.0.1:{call.far.port}>"
    call.reply("302 Moved Temporarily", contact)


AGENT_SCRIPTS: dict[str, Script] = {
    AGENTS: pick_up,
    BUSY: lambda call: call.reply("486 Busy Here"),
    RINGING: Call.ring,
    ELSEWHERE: redirect,
    REFUSED: Call.ring,
    KEPT: Call.ring,
    "+33639989999": lambda call: call.reply("486 Busy Here"),
}

ASK = answered(("message", "#"))

SCENES: dict[str, tuple[Script, dict[str, str]]] = {
    "survey": (answered(("question-1", "2"), ("question-2", "5"), ("question-3", "*")), {}),
    "lost": (answered(("question-1", "7"), ("unknown", "8")), {}),
    "silent": (answered(), {"PV_TRIES": "1"}),
    "late": (answered(("question-1", "7"), ("unknown", "1")), {"PV_QUESTIONS": "1"}),
    "too soon": (press_too_soon, {"PV_QUESTIONS": "1"}),
    "too late": (agree_too_late, {"PV_QUESTIONS": "1"}),
    "asked meanwhile": (
        answered(("question-1", "#"), ("unavailable", "7"), ("question-1", "2")),
        {"PV_TRANSFER_TO": BUSY, "PV_QUESTIONS": "1"},
    ),
    "asking on": (
        answered(*[("question-1", "*"), ("consented", "7")] * 3, ("question-1", "*")),
        {"PV_QUESTIONS": "1", "PV_TRIES": "1"},
    ),
    "noted": (
        answered(("question-1", "1"), ("noted", "*"), ("consented", "7"), ("question-2", "2")),
        {"PV_QUESTIONS": "2"},
    ),
    "both routes": (press_by_both, {"PV_QUESTIONS": "2"}),
    "asides": (agree_again, {"PV_QUESTIONS": "0"}),
    "anew": (again_and_leave, {}),
    "insisting": (insist, {"PV_QUESTIONS": "0"}),
    "busy": (ASK, {"PV_TRANSFER_TO": BUSY, "PV_QUESTIONS": "0"}),
    "ringing": (
        ask_and_breathe,
        {"PV_TRANSFER_TO": RINGING, "PV_TRANSFER_RING": "2", "PV_QUESTIONS": "0"},
    ),
    "elsewhere": (ASK, {"PV_TRANSFER_TO": ELSEWHERE, "PV_QUESTIONS": "0"}),
    "refused": (ask_and_refuse, {"PV_TRANSFER_TO": REFUSED}),
}  # fmt: skip


@pytest.fixture(scope="module")
def caller(asterisk: Supervisor, far_side: FarSide) -> Iterator[Caller]:
    write_script_sounds(asterisk.instance.sounds)
    far_side.scripts |= AGENT_SCRIPTS
    client = RawAmi(asterisk.instance.ami_port, asterisk.instance.ami_secret)
    yield Caller(asterisk, client, far_side)
    client.close()


@pytest.fixture(scope="module")
def scenes(caller: Caller) -> dict[str, Placed]:
    return {
        name: place(caller, script, **{"PV_TRANSFER_GROUP": f"scene-{number}", **variables})
        for number, (name, (script, variables)) in enumerate(SCENES.items())
    }


Scenes = dict[str, Placed]


def told(placed: Placed) -> list[list[str]]:
    """The same as `replies`, by event."""
    found = placed.ami.having("UserEvent", UserEvent="PvReply", Id=placed.attempt_id)
    return [[one[name] for name in ("Kind", "Question", "Value")] for one in found]


def test_a_survey_of_three_questions(scenes: Scenes, far_side: FarSide) -> None:
    placed = scenes["survey"]
    end = placed.ended()
    answers = [["answer", "1", "2"], ["answer", "2", "5"], ["answer", "3", "*"]]
    assert replies(placed) == answers
    assert told(placed) == answers
    assert (end["Result"], end["Keys"], end["Cause"]) == ("played", "25*", "16")
    assert int(end["First"]) < 500, "the silence of waiting for answers is none before the message"
    assert heard(far_side.call_to(placed.number)) == [
        "message", "question-1", "noted", "question-2", "noted", "question-3", "thanks",
    ]  # fmt: skip
    records, _, garbage = read(placed.journal)
    assert garbage == 0
    mine = [one for one in records if one.attempt_id == placed.attempt_id]
    assert sum(isinstance(one, Replied) for one in mine) == len(answers)


BEFORE = {
    "message": [],
    "question-1": [],
    "source": [("message", "1")],
    "consented": [("message", "*")],
    "connecting": [("message", "#")],
    "full": [("message", "#")],
    "question-2": [("question-1", "1")],
    "noted": [("question-1", "1")],
    "unknown": [("question-1", "8")],
    "thanks": [("question-1", "1"), ("question-2", "1"), ("question-3", "1")],
}
"""What is pressed before something is said."""


def test_nine_refuses_in_everything_that_is_said(caller: Caller, far_side: FarSide) -> None:
    placed = {
        sound: place(
            caller,
            answered(*before, (sound, "9")),
            PV_TRANSFER_MOST="0" if sound == "full" else "5",
            PV_TRANSFER_GROUP=sound,
        )
        for sound, before in BEFORE.items()
    }
    for sound, one in placed.items():
        assert one.ended()["Result"] == "optout", sound
        assert [line[0] for line in one.lines()][-2:] == ["optout", "end"], sound
        assert heard(far_side.call_to(one.number))[-2:] == [sound, "confirmation"]


def test_keys_that_answer_nothing_and_silence_have_an_end(
    scenes: Scenes, far_side: FarSide
) -> None:
    lost, silent, late = scenes["lost"], scenes["silent"], scenes["late"]
    assert lost.ended()["Result"] == silent.ended()["Result"] == late.ended()["Result"] == "played"
    assert replies(lost) == replies(silent) == []
    assert replies(late) == [["answer", "1", "1"]]
    assert heard(far_side.call_to(silent.number)) == ["message", "question-1", "thanks"]
    assert heard(far_side.call_to(lost.number)) == [
        "message", "question-1", "unknown", "question-1", "thanks",
    ]  # fmt: skip


def test_a_key_before_the_question_can_be_known_is_no_answer(scenes: Scenes) -> None:
    placed = scenes["too soon"]
    assert placed.ended()["Keys"] == "12"
    assert replies(placed) == [["answer", "1", "2"]]


def test_a_key_meant_for_the_message_does_what_it_does_there(
    scenes: Scenes, far_side: FarSide
) -> None:
    placed = scenes["too late"]
    assert placed.ended()["Keys"] == "*2"
    assert replies(placed) == [["consent", "0", "*"], ["answer", "1", "2"]]
    assert heard(far_side.call_to(placed.number)) == [
        "message", "question-1", "consented", "question-1", "thanks",
    ]  # fmt: skip


def test_who_asks_for_something_else_in_a_question_gets_it_and_is_asked_again(
    scenes: Scenes, far_side: FarSide
) -> None:
    placed = scenes["asked meanwhile"]
    assert placed.ended()["Result"] == "played"
    assert values(placed) == {"asked", "failed"}
    assert replies(placed)[-1] == ["answer", "1", "2"]
    assert heard(far_side.call_to(placed.number)) == [
        "message", "question-1", "connecting", "unavailable", "question-1", "thanks",
    ]  # fmt: skip
    noted = scenes["noted"]
    noted.ended()
    assert heard(far_side.call_to(noted.number)) == [
        "message", "question-1", "noted", "consented", "question-2", "thanks",
    ]  # fmt: skip


def test_a_question_is_not_put_again_for_ever(scenes: Scenes, far_side: FarSide) -> None:
    placed = scenes["asking on"]
    assert placed.ended()["Result"] == "played"
    assert heard(far_side.call_to(placed.number)).count("question-1") == 4
    assert replies(placed) == [["consent", "0", "*"]], "who agrees again has agreed already"


def test_an_answer_counts_however_soon_the_person_hangs_up_after_it(caller: Caller) -> None:
    def answer_and_leave(call: Call) -> None:
        call.answer()
        press_at(call, "question-1", "2")
        time.sleep(0.02)
        call.hang_up()
        call.ended.set()

    for placed in [place(caller, answer_and_leave) for _ in range(8)]:
        assert placed.ended()["Result"] == "played"
        assert replies(placed) == told(placed) == [["answer", "1", "2"]]


def test_one_press_by_two_routes_answers_one_question(scenes: Scenes) -> None:
    placed = scenes["both routes"]
    assert placed.ended()["Keys"] == "11"
    assert replies(placed) == [["answer", "1", "1"], ["answer", "2", "1"]]


def test_the_message_goes_on_where_it_was_left(scenes: Scenes, far_side: FarSide) -> None:
    placed = scenes["asides"]
    end = placed.ended()
    assert replies(placed) == [["consent", "0", "*"]]
    assert heard(far_side.call_to(placed.number)) == [
        "message", "source", "consented", "message",
    ]  # fmt: skip
    assert (end["Result"], end["Keys"]) == ("played", "1**")
    assert int(end["Heard"]) == pytest.approx(SOUND_MS, abs=120)


def test_a_message_that_begins_anew_is_heard_as_far_as_it_ever_was(scenes: Scenes) -> None:
    end = scenes["anew"].ended()
    assert (end["Result"], end["Keys"]) == ("script", "0")
    assert 350 <= int(end["Heard"]) < SOUND_MS + 60


def test_a_message_is_not_begun_anew_for_ever(scenes: Scenes) -> None:
    placed = scenes["insisting"]
    assert placed.ended()["Result"] == "played"
    *anew, last = [position for _, position in placed.pressed()]
    assert max(anew) < last, "it was begun anew three times, and then went on"
    assert len(anew) == 4


# Transfers


def test_of_six_who_ask_five_are_put_through(caller: Caller, far_side: FarSide) -> None:
    leave = threading.Event()

    def ask(call: Call) -> None:
        call.answer()
        press_at(call, "message", "#")
        leave.wait(60)
        call.hang_up()
        call.ended.wait(5)

    placed = [place(caller, ask) for _ in range(MOST + 1)]
    try:
        for one in placed:
            until(lambda one=one: {"answered", "full"} & values(one))
        full = [one for one in placed if "full" in values(one)]
        assert len(full) == 1
        assert "full" in heard(far_side.call_to(full[0].number))
        assert len(live(far_side)) == MOST
    finally:
        leave.set()
    for one in placed:
        end = one.ended()
        if one not in full:
            assert end["Result"] == "transferred"
            assert values(one) == {"asked", "answered", "ended"}


def test_whoever_comes_when_one_has_left_is_put_through(caller: Caller, far_side: FarSide) -> None:
    leave = threading.Event()

    def ask(call: Call) -> None:
        call.answer()
        press_at(call, "message", "#")
        leave.wait(20)
        call.hang_up()
        call.ended.wait(5)

    for _ in range(2):
        leave.clear()
        until(lambda: not live(far_side))
        placed = place(caller, ask, PV_TRANSFER_MOST="1", PV_TRANSFER_GROUP="9")
        until(lambda placed=placed: "answered" in values(placed))  # type: ignore[misc]
        leave.set()
        assert placed.ended()["Result"] == "transferred"
        assert values(placed) == {"asked", "answered", "ended"}


def test_the_call_is_over_when_the_other_end_hangs_up(caller: Caller, far_side: FarSide) -> None:
    over = threading.Event()

    def talk_and_leave(call: Call) -> None:
        call.answer()
        over.wait(20)
        call.hang_up()
        call.ended.set()

    far_side.scripts[LEAVING] = talk_and_leave
    placed = place(caller, ASK, PV_TRANSFER_TO=LEAVING, PV_TRANSFER_GROUP="leaving")
    until(lambda: "answered" in values(placed))
    over.set()
    end = placed.ended()
    assert (end["Result"], end["Cause"]) == ("transferred", "16")
    assert values(placed) == {"asked", "answered", "ended"}


def test_where_nobody_answers_the_message_goes_on(scenes: Scenes, far_side: FarSide) -> None:
    placed = scenes["busy"]
    assert placed.ended()["Result"] == "played"
    assert values(placed) == {"asked", "failed"}
    assert heard(far_side.call_to(placed.number)) == [
        "message", "connecting", "unavailable", "message",
    ]  # fmt: skip


def test_nine_refuses_while_it_rings(scenes: Scenes, far_side: FarSide) -> None:
    placed = scenes["refused"]
    assert placed.ended()["Result"] == "optout"
    assert [line[0] for line in placed.lines()][-2:] == ["optout", "end"]
    assert heard(far_side.call_to(placed.number))[-2:] == ["connecting", "confirmation"]
    assert far_side.call_to(REFUSED).cancelled.wait(5)


def test_who_refuses_while_it_rings_keeps_no_place(caller: Caller) -> None:
    places: list[str] = []

    def refuse(call: Call) -> None:
        call.answer()
        press_at(call, "message", "#")
        until(lambda: any(one.last_reply for one in call.far.calls_to(KEPT)))
        places.append(caller.asterisk.command("group show channels"))
        call.press("9")
        hear(call, "confirmation")
        places.append(caller.asterisk.command("group show channels"))
        call.ended.wait(30)

    placed = place(caller, refuse, PV_TRANSFER_TO=KEPT, PV_TRANSFER_GROUP="kept")
    assert placed.ended()["Result"] == "optout"
    before, after = places
    assert "kept" in before
    assert "kept" not in after


def test_whoever_waits_hears_that_it_rings(scenes: Scenes, far_side: FarSide) -> None:
    placed = scenes["ringing"]
    placed.ended()
    assert values(placed) == {"asked", "failed"}
    tones = [
        packet
        for _, packet in far_side.call_to(placed.number).packets
        if packet[1] & 0x7F == 8 and len(set(packet[12:])) > 4
    ]
    assert len(tones) >= 25


def test_a_transfer_that_is_sent_elsewhere_calls_nobody(scenes: Scenes, far_side: FarSide) -> None:
    assert scenes["elsewhere"].ended()["Result"] == "played"
    assert far_side.calls_to(ELSEWHERE)
    assert far_side.calls_to("+33639989999") == []


def values(placed: Placed) -> set[str]:
    """How far the transfer of a call came, by the journal."""
    return {value for kind, _, value in replies(placed) if kind == "transfer"}


def live(far_side: FarSide) -> list[Call]:
    """Transfers that are up."""
    return [one for one in far_side.calls_to(AGENTS) if not one.ended.is_set()]
