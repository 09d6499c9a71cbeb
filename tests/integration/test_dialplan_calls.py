"""What the dialplan journals and does, on a real Asterisk, call by call."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dialplan_calls import (
    MESSAGE_MS,
    Caller,
    after_audio,
    heard_frames,
    listen,
    until,
    write_sounds,
)
from far_side import Call, FarSide
from raw_ami import RawAmi

from campaigns.trunk import Codec, Trunk
from dialer.ami.actions import MACHINE_CONTEXT
from dialer.instance.configure import Instance
from dialer.instance.locate import Installation
from dialer.instance.ports import free_ports
from dialer.instance.supervise import Supervisor

pytestmark = pytest.mark.pbx

LEFT = 0x99
"""Every sample of what is left on a machine; none of the message's."""


@pytest.fixture
def caller(asterisk: Supervisor, ami: RawAmi, far_side: FarSide) -> Caller:
    write_sounds(asterisk.instance.sounds)
    return Caller(asterisk, ami, far_side)


@pytest.fixture(scope="module")
def tagged(pbx_binary: Installation, pbx_root: Path, far_side: FarSide) -> Iterator[Supervisor]:
    """An Asterisk whose endpoints have a name that the far side cannot know."""
    ports = free_ports(calls=10)
    supervisor = Supervisor(
        Instance(
            pbx_root / "tagged",
            ports.sip,
            ports.ami,
            ports.rtp_first,
            ports.rtp_last,
            (Trunk("loop", "127.0.0.1", far_side.port),),
            endpoint_tag="k7w2q9",
        ),
        pbx_binary,
    )
    supervisor.start()
    yield supervisor
    supervisor.stop()


@pytest.fixture(scope="module")
def wideband(pbx_binary: Installation, pbx_root: Path, far_side: FarSide) -> Iterator[Supervisor]:
    """An Asterisk whose trunk has G.722."""
    ports = free_ports(calls=10)
    trunk = Trunk("loop", "127.0.0.1", far_side.port, Codec.G722)
    root = pbx_root / "wideband"
    supervisor = Supervisor(
        Instance(root, ports.sip, ports.ami, ports.rtp_first, ports.rtp_last, (trunk,)), pbx_binary
    )
    supervisor.start()
    yield supervisor
    supervisor.stop()


@pytest.mark.parametrize("written", ["g722", "sln"])
def test_half_of_a_message_is_half_of_it_in_g722_too(
    wideband: Supervisor, far_side: FarSide, written: str
) -> None:
    """Where Asterisk has to make it of what an 8 kHz phone plays as well."""
    write_sounds(wideband.instance.sounds)
    octets = {"g722": 8, "sln": 16}[written]
    name = wideband.instance.sounds / f"wide-{written}"
    name.with_suffix(f".{written}").write_bytes(bytes(MESSAGE_MS * octets))

    def press_and_leave(call: Call) -> None:
        call.answer()
        after_audio(call, MESSAGE_MS / 4000)
        call.press("5", lasting_s=0.04)
        time.sleep(MESSAGE_MS / 4000)
        call.hang_up()
        call.ended.set()

    def press_and_listen(call: Call) -> None:
        call.answer()
        after_audio(call, MESSAGE_MS / 4000)
        call.press("5", lasting_s=0.04)
        call.ended.wait(20)

    ami = RawAmi(wideband.instance.ami_port, wideband.instance.ami_secret)
    try:
        caller = Caller(wideband, ami, far_side)
        whole, half, resumed = (
            caller.place(one, PV_MESSAGE=str(name))
            for one in (listen, press_and_leave, press_and_listen)
        )
        for one in (whole, resumed):
            assert int(one.ended()["Sent"]) == pytest.approx(MESSAGE_MS / 20, abs=3)
        end = half.ended()
        ((_, pressed_at),) = half.pressed()
    finally:
        ami.close()
    assert pressed_at == pytest.approx(MESSAGE_MS / 4, abs=150)
    assert int(end["Heard"]) == pytest.approx(MESSAGE_MS / 2, abs=250)
    payload = far_side.call_to(half.number).packets[0][1][1] & 0x7F
    assert payload == 9, "it is G.722 that is heard"


@pytest.fixture
def tagged_caller(tagged: Supervisor, far_side: FarSide) -> Iterator[Caller]:
    client = RawAmi(tagged.instance.ami_port, tagged.instance.ami_secret)
    yield Caller(tagged, client, far_side)
    client.close()


def test_an_answered_call_plays_the_whole_message(caller: Caller, far_side: FarSide) -> None:
    began = int(time.time() * 1000)
    placed = caller.place(listen)
    event = placed.ended()
    start, end = placed.lines()
    assert start == ["start", placed.attempt_id]
    _, _, ended, answered, cause, call_id, result, heard, sent, received, keys, tech, first = end
    assert began <= int(answered) <= int(ended) <= int(time.time() * 1000)
    assert (cause, result, keys, tech) == ("16", "played", "", "SIP 200 OK")
    assert call_id == far_side.call_to(placed.number).call_id
    assert int(heard) == pytest.approx(MESSAGE_MS, abs=60)
    assert int(sent) >= MESSAGE_MS / 20 - 1
    assert int(received) == 0
    assert -20 <= int(first) <= 60
    names = "Ended Answered Cause CallId Result Heard Sent Received Keys Tech First"
    assert [event[name] for name in names.split()] == end[2:]
    assert heard_frames(far_side.call_to(placed.number)) == list(range(MESSAGE_MS // 20))


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("486 Busy Here", "17"),
        ("404 Not Found", "1"),
        ("503 Service Unavailable", "34"),
        ("603 Decline", "21"),
        ("607 Unwanted", "127"),
        ("608 Rejected", "127"),
    ],
)
def test_a_call_never_answered_is_journalled_with_the_far_sides_words(
    caller: Caller, status: str, cause: str
) -> None:
    placed = caller.place(lambda call: call.reply(status))
    placed.ended()
    end = placed.lines()[1]
    assert end[3] == "0"
    assert end[4] == cause
    assert end[6:11] == ["", "0", "0", "0", ""]
    assert end[11] == f"SIP {status}"


def test_a_far_side_that_never_answers_at_all_leaves_a_whole_line(caller: Caller) -> None:
    placed = caller.place(lambda call: None, ring_timeout_s=1)
    placed.ended()
    end = placed.lines()[1]
    assert end[3] == "0"
    assert end[6:] == ["", "0", "0", "0", "", "", ""]


def test_an_answer_at_the_moment_of_the_time_out_is_ended_at_once(
    caller: Caller, far_side: FarSide
) -> None:
    def answer_too_late(call: Call) -> None:
        call.ring()
        call.cancelled.wait(5)
        call.answer()
        call.ended.wait(5)

    placed = caller.place(answer_too_late, ring_timeout_s=1)
    placed.ended()
    assert placed.lines()[1][3] == "0"
    assert far_side.call_to(placed.number).ended.wait(5)


def test_our_own_ring_time_out_cancels_and_says_so(caller: Caller, far_side: FarSide) -> None:
    placed = caller.place(Call.ring, ring_timeout_s=1)
    placed.ended()
    assert far_side.call_to(placed.number).cancelled.wait(5)
    assert placed.lines()[1][11] == "SIP 180 Ringing"


def test_an_early_9_is_journalled_before_it_is_confirmed(caller: Caller, far_side: FarSide) -> None:
    def refuse_at_once(call: Call) -> None:
        call.answer()
        call.acknowledged.wait(5)
        call.press("9", lasting_s=0.04)
        call.ended.wait(20)

    placed = caller.place(refuse_at_once)
    placed.ended()
    assert [line[0] for line in placed.lines()] == ["start", "optout", "end"]
    optout, end = placed.lines()[1:]
    assert int(end[3]) <= int(optout[2]) <= int(end[2])
    assert end[6] == "optout"
    assert end[10] == "9"
    told = [event.get("UserEvent") for event in placed.ami.having("UserEvent")
            if event["Id"] == placed.attempt_id]  # fmt: skip
    assert told == ["PvKey", "PvOptOut", "PvEnded"]
    assert far_side.call_to(placed.number).packets[-1][1][12:] == b"\xd5" * 160


def test_a_9_counts_however_soon_the_person_hangs_up_after_it(caller: Caller) -> None:
    def refuse_and_leave(call: Call) -> None:
        call.answer()
        after_audio(call, 0.3)
        call.press("9")
        time.sleep(0.03)
        call.hang_up()
        call.ended.set()

    for placed in [caller.place(refuse_and_leave) for _ in range(10)]:
        end = placed.ended()
        assert (end["Result"], end["Keys"]) == ("optout", "9")
        assert [line[0] for line in placed.lines()] == ["start", "optout", "end"]
        assert placed.ami.having("UserEvent", UserEvent="PvOptOut", Id=placed.attempt_id)


def test_any_other_key_goes_on_without_a_gap_or_a_repeat(caller: Caller, far_side: FarSide) -> None:
    def press_two(call: Call) -> None:
        call.answer()
        after_audio(call, 0.3)
        call.press("*")
        after_audio(call, 0.3)
        call.press("#")
        call.ended.wait(20)

    placed = caller.place(press_two)
    placed.ended()
    assert [key for key, _ in placed.pressed()] == ["*", "#"]
    assert 300 <= placed.pressed()[0][1] <= placed.pressed()[1][1] < MESSAGE_MS
    assert placed.lines()[1][6] == "played"
    # ControlPlayback sends the first frame of the file before it goes to the position: 20 ms.
    frames = [frame for frame in heard_frames(far_side.call_to(placed.number)) if frame != 0]
    assert frames == list(range(1, MESSAGE_MS // 20))


def test_one_press_by_two_routes_counts_once(caller: Caller) -> None:
    def press_by_both(call: Call) -> None:
        call.answer()
        after_audio(call, 0.3)
        call.info("5")
        call.press("5")
        after_audio(call, 0.5)
        call.press("5")
        call.ended.wait(20)

    placed = caller.place(press_by_both)
    assert placed.ended()["Keys"] == "55"


def test_presses_by_info_may_follow_each_other_faster_than_any_finger(caller: Caller) -> None:
    """Asterisk keeps back a key within 45 ms of the last one, and died of it without a timer."""

    def press_in_a_burst(call: Call) -> None:
        call.answer()
        after_audio(call, 0.3)
        call.press("1")
        for key in "1234":
            call.info(key)
        call.ended.wait(20)

    placed = caller.place(press_in_a_burst)
    assert placed.ended()["Keys"] == "1234"


def test_a_9_begun_in_the_last_words_counts(caller: Caller) -> None:
    def straddle(call: Call) -> None:
        call.answer()
        after_audio(call, MESSAGE_MS / 1000 - 0.15)
        call.press("9", lasting_s=0.4)
        call.ended.wait(20)

    placed = caller.place(straddle)
    assert placed.ended()["Result"] == "optout"
    assert placed.pressed() == [("9", pytest.approx(MESSAGE_MS, abs=60))]


def test_keys_after_the_message_are_heard_and_keep_listening(caller: Caller) -> None:
    def late(call: Call) -> None:
        call.answer()
        after_audio(call, MESSAGE_MS / 1000 + 0.3)
        call.press("#")
        time.sleep(0.5)
        call.press("9")
        call.ended.wait(20)

    placed = caller.place(late)
    end = placed.ended()
    assert end["Keys"] == "#9"
    assert end["Result"] == "optout"


def test_a_9_right_after_what_is_left_on_a_machine_counts(
    caller: Caller, far_side: FarSide
) -> None:
    """Whoever was taken for a machine is a person all the same."""
    left = caller.asterisk.instance.sounds / "left"
    left.with_suffix(".alaw").write_bytes(bytes([LEFT]) * 160 * 20)

    def refuse_after_it(call: Call) -> None:
        call.answer()
        until(lambda: heard_frames(call).count(LEFT) == 20)
        call.press("9")
        call.ended.wait(20)

    placed = caller.place(refuse_after_it, PV_MACHINE=str(left))
    assert far_side.call_to(placed.number).first_audio.wait(5)
    where = {"Context": MACHINE_CONTEXT, "Exten": "leave", "Priority": "1"}
    placed.ami.ask("Redirect", Channel=placed.attempt_id, **where)
    end = placed.ended()
    assert (end["Result"], end["Keys"]) == ("optout", "9")
    assert [line[0] for line in placed.lines()] == ["start", "optout", "end"]
    assert far_side.call_to(placed.number).packets[-1][1][12:] == b"\xd5" * 160, "it is confirmed"


def test_hanging_up_leaves_how_much_was_heard(caller: Caller, far_side: FarSide) -> None:
    def leave(call: Call) -> None:
        call.answer()
        after_audio(call, 0.7)
        call.hang_up()
        call.ended.set()

    placed = caller.place(leave)
    end = placed.ended()
    assert end["Result"] == "playing"
    assert end["Cause"] == "0"
    assert int(end["Heard"]) == pytest.approx(700, abs=150)


def test_hanging_up_after_a_key_leaves_the_whole_time_heard(caller: Caller) -> None:
    def press_and_leave(call: Call) -> None:
        call.answer()
        after_audio(call, 0.5)
        call.press("1")
        time.sleep(0.5)
        call.hang_up()
        call.ended.set()

    end = caller.place(press_and_leave).ended()
    assert int(end["Heard"]) == pytest.approx(1100, abs=200)


def test_a_missing_recording_ends_the_call_with_its_own_cause(caller: Caller) -> None:
    end = caller.place(listen, PV_MESSAGE="/nowhere/message").ended()
    assert (end["Result"], end["Cause"]) == ("playing", "27")
    assert int(end["Heard"]) < 20


def test_the_far_sides_words_cannot_break_a_line(caller: Caller) -> None:
    placed = caller.place(lambda call: call.reply('480 a|b,c;d%{e}"f,Result: played'))
    event = placed.ended()
    assert event["Result"] == ""
    assert placed.lines()[1][11] == "SIP 480 abcdefResult played"
    assert len(placed.lines()[1]) == 13


@pytest.mark.parametrize(
    "contact",
    [
        "sip:+33639989999@127.0.0.1:{port}",
        "sip:s%40portevoix-call@127.0.0.1:{port}",
        "sip:Local/s%40portevoix-call@127.0.0.1:{port}",
        "sip:PJSIP/+33639989999%40loop@127.0.0.1:{port}",
        "sip:PJSIP/loop/sip%3A+33639989999%40127.0.0.1@127.0.0.1:{port}",
        "tel:+33639989999",
    ],
)
def test_a_redirect_never_calls_anybody(
    tagged_caller: Caller, far_side: FarSide, contact: str
) -> None:
    def redirect(call: Call) -> None:
        call.reply("302 Moved Temporarily", f"Contact: <{contact.format(port=far_side.port)}>")

    far_side.scripts["+33639989999"] = listen
    before = len(far_side.calls)
    placed = tagged_caller.place(redirect)
    end = placed.ended()
    assert end["Cause"] == "23"
    # Asterisk drops the channel at once, sometimes before it has noted the answer.
    assert end["Tech"] in {"SIP 302 Moved Temporarily", ""}
    placed.ami.event("OriginateResponse", Uniqueid=placed.attempt_id)
    # A call placed after it comes through: an INVITE due to the redirect would have come before.
    tagged_caller.place(lambda call: call.reply("486 Busy Here")).ended()
    assert len(far_side.calls) == before + 2


@pytest.mark.parametrize(("address", "answer"), [("127.0.0.1", "403"), ("127.0.0.2", "401")])
def test_a_call_that_comes_in_is_refused(
    asterisk: Supervisor, far_side: FarSide, address: str, answer: str
) -> None:
    answers = far_side.invite("s", asterisk.instance.sip_port, address)
    assert answers[-1].startswith(f"SIP/2.0 {answer}")
    assert "\nm=audio" not in "".join(answers)
