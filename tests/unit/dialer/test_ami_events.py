"""Blocks recorded from Asterisk 22.10, and what they mean to the dialer."""

import pytest

from dialer.ami.events import EventDecoder
from dialer.events import (
    Answered,
    CallEnded,
    Dialling,
    Event,
    HungUp,
    Invited,
    KeyPressed,
    OptedOut,
    OriginateDone,
    OriginateRefused,
    OtherBegun,
    OtherEnded,
    Ringing,
)

ATTEMPT = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

CHANNEL = f"""\
Privilege: call,all
Channel: PJSIP/loop-00000000
ChannelState: 5
ChannelStateDesc: STATE
CallerIDNum: 0199001234
CallerIDName: <unknown>
ConnectedLineNum: 0199001234
ConnectedLineName: <unknown>
Language: en
AccountCode:
Context: none
Exten: s
Priority: 1
Uniqueid: {ATTEMPT}
Linkedid: {ATTEMPT}"""


def block(name: str, *lines: str, state: str = "Down", unique_id: str = ATTEMPT) -> bytes:
    text = "\n".join([f"Event: {name}", CHANNEL.replace("STATE", state), *lines])
    return text.replace(ATTEMPT, unique_id).replace("\n", "\r\n").encode()


def dial_begin(*lines: str, unique_id: str = ATTEMPT) -> bytes:
    """The channel that is dialled, as the one at the far end."""
    own = CHANNEL.replace("STATE", "Down").replace(ATTEMPT, unique_id).splitlines()[1:]
    text = ["Event: DialBegin", "Privilege: call,all", *(f"Dest{one}" for one in own), *lines]
    return "\r\n".join(text).encode()


def answer_of_originate(outcome: str, reason: int) -> bytes:
    return (
        f"Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: {ATTEMPT}\r\n"
        f"Response: {outcome}\r\nChannel: PJSIP/0639980486@loop\r\nContext: portevoix-call\r\n"
        f"Exten: s\r\nReason: {reason}\r\nUniqueid: {ATTEMPT}\r\nCallerIDNum: 0199001234\r\n"
        "CallerIDName: <unknown>"
    ).encode()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def decoder(clock: Clock) -> EventDecoder:
    return EventDecoder(clock)


ENDED = block(
    "UserEvent",
    "UserEvent: PvEnded",
    f"Id: {ATTEMPT}",
    "Ended: 1795292534123",
    "Answered: 1795292530456",
    "Cause: 16",
    "CallId: 2ceed3bf-e866-4430-942e-4b5bbe127577",
    "Result: optout",
    "Heard: 2345",
    "Sent: 140",
    "Received: 139",
    "Keys: 59",
    "Tech: SIP 200 OK",
    "First: 18",
)


@pytest.mark.parametrize(
    ("recorded", "meaning"),
    [
        (block("Newchannel"), Dialling(ATTEMPT, "PJSIP/loop-00000000")),
        (dial_begin(), Invited(ATTEMPT)),
        (dial_begin("Timestamp: 1795317255.134895"), Invited(ATTEMPT, 1795317255.134895)),
        (dial_begin("Timestamp: soon"), Invited(ATTEMPT)),
        (block("Newstate", state="Ringing"), Ringing(ATTEMPT)),
        (block("Newstate", state="Up"), Answered(ATTEMPT)),
        (answer_of_originate("Success", 4), OriginateDone(ATTEMPT, True, 4, True)),
        (
            block("UserEvent", "UserEvent: PvKey", f"Id: {ATTEMPT}", "Key: 9", "Position: 120"),
            KeyPressed(ATTEMPT, "9", 120),
        ),
        (block("UserEvent", "UserEvent: PvOptOut", f"Id: {ATTEMPT}"), OptedOut(ATTEMPT)),
        (
            ENDED,
            CallEnded(
                ATTEMPT, 1795292534123, 1795292530456, 16, "SIP 200 OK",
                "2ceed3bf-e866-4430-942e-4b5bbe127577", "optout", 2345, 140, 139, "59", 18,
            ),
        ),
        (block("Hangup", "Cause: 17", "Cause-txt: User busy", "TechCause: 486"),
         HungUp(ATTEMPT, 17, 486)),
        (block("Hangup", "Cause: 0", "Cause-txt: Unknown"), HungUp(ATTEMPT, 0, 0)),
        (
            f"Response: Error\r\nActionID: {ATTEMPT}\r\nMessage: Extension unknown.".encode(),
            OriginateRefused(ATTEMPT, "Extension unknown."),
        ),
    ],
)  # fmt: skip
def test_what_asterisk_says_and_what_it_means(
    decoder: EventDecoder, recorded: bytes, meaning: Event
) -> None:
    assert decoder.decode([recorded]) == [meaning]


@pytest.mark.parametrize(
    "recorded",
    [
        block("Newstate", state="Down"),
        block("Newexten"),
        block("UserEvent", "UserEvent: Somebody", f"Id: {ATTEMPT}"),
        block("UserEvent", "UserEvent: PvOptOut", "Id: 17"),
        block("UserEvent", f"Id: {ATTEMPT}"),
        b"Response: Error\r\nActionID: pv-7\r\nMessage: No such channel",
        f"Response: Success\r\nActionID: {ATTEMPT}".encode(),
        b"",
    ],
)
def test_what_is_not_of_an_attempt_of_ours_makes_no_event(
    decoder: EventDecoder, recorded: bytes
) -> None:
    assert decoder.decode([recorded]) == []


@pytest.mark.parametrize("id_", ["1795292816.17", ATTEMPT + "7", ATTEMPT.replace("Z", "U")])
def test_of_a_call_that_is_no_attempt_of_ours_beginning_and_end_are_told(
    decoder: EventDecoder, id_: str
) -> None:
    blocks = [block(name, unique_id=id_) for name in ("Newchannel", "Newstate", "Hangup")]
    begun, ended = decoder.decode(blocks)
    placed = OtherBegun(id_, "PJSIP/loop-00000000", outgoing=True)
    assert (begun, ended) == (placed, OtherEnded(id_))
    incoming = block("Newchannel", unique_id=id_).replace(b"Desc: Down", b"Desc: Ring")
    assert decoder.decode([incoming]) == [OtherBegun(id_, "PJSIP/loop-00000000")]


def test_a_caller_name_cannot_forge_an_opt_out(decoder: EventDecoder) -> None:
    forged = f"x\nUserEvent: PvOptOut\nId: {ATTEMPT}".encode()
    spoken = block("UserEvent", "UserEvent: Other").replace(b"<unknown>", forged)
    assert decoder.decode([spoken]) == []


def test_numbers_that_are_none_count_as_absent(decoder: EventDecoder) -> None:
    ended = ENDED.replace(b"Heard: 2345", b"Heard: ").replace(b"Sent: 140", b"Sent: -1")
    [event] = decoder.decode([ended])
    assert isinstance(event, CallEnded)
    assert (event.heard_ms, event.rtp_sent, event.rtp_received) == (0, 0, 139)


@pytest.mark.parametrize(("told", "meant"), [(b"-12", 0), (b"2500", 2500), (b"", None)])
def test_a_first_sample_is_never_heard_before_the_answer(
    decoder: EventDecoder, told: bytes, meant: int | None
) -> None:
    [event] = decoder.decode([ENDED.replace(b"First: 18", b"First: " + told)])
    assert isinstance(event, CallEnded)
    assert event.first_ms == meant


def test_a_failure_after_newchannel_promises_a_hangup(decoder: EventDecoder) -> None:
    events = decoder.decode([block("Newchannel"), answer_of_originate("Failure", 5)])
    assert events[1] == OriginateDone(ATTEMPT, False, 5, True)


def test_a_failure_without_newchannel_waits_and_then_promises_none(
    decoder: EventDecoder, clock: Clock
) -> None:
    assert decoder.decode([answer_of_originate("Failure", 0)]) == []
    assert decoder.settle() == []
    clock.now += 1.0
    assert decoder.settle() == [OriginateDone(ATTEMPT, False, 0, False)]
    assert decoder.settle() == []


def test_a_failure_that_overtook_its_newchannel_follows_it(
    decoder: EventDecoder, clock: Clock
) -> None:
    events = decoder.decode([answer_of_originate("Failure", 0), block("Newchannel")])
    clock.now += 5.0
    assert events == [
        Dialling(ATTEMPT, "PJSIP/loop-00000000"),
        OriginateDone(ATTEMPT, False, 0, True),
    ]
    assert decoder.settle() == []


def test_a_failure_that_comes_after_the_hangup_is_of_the_channel(decoder: EventDecoder) -> None:
    recorded = [
        block("Newchannel"),
        block("Hangup", "Cause: 17"),
        answer_of_originate("Failure", 0),
    ]
    assert decoder.decode(recorded)[-1] == OriginateDone(ATTEMPT, False, 0, True)


def test_the_refusal_of_a_second_originate_does_not_end_the_first(decoder: EventDecoder) -> None:
    recorded = [
        block("Newchannel"),
        answer_of_originate("Success", 4),
        answer_of_originate("Failure", 0),
    ]
    assert decoder.decode(recorded)[1:] == [OriginateDone(ATTEMPT, True, 4, True)]


def test_a_call_found_live_after_a_gap_has_a_channel(decoder: EventDecoder) -> None:
    decoder.decode([block("CoreShowChannel", "EventList: x")])
    failed = decoder.decode([answer_of_originate("Failure", 3)])
    assert failed == [OriginateDone(ATTEMPT, False, 3, True)]


@pytest.mark.parametrize("first", [ENDED, block("Newstate", state="Ringing")])
def test_a_call_whose_newchannel_came_before_the_login_has_a_channel(
    decoder: EventDecoder, clock: Clock, first: bytes
) -> None:
    hangup = block("Hangup", "Cause: 17")
    for recorded in ([first, answer_of_originate("Failure", 0)], [hangup]):
        events = decoder.decode(recorded)
    assert events == [HungUp(ATTEMPT, 17, 0)]
    clock.now += 5.0
    assert decoder.settle() == []


def test_a_failure_before_any_event_of_its_channel_is_told_with_the_first(
    decoder: EventDecoder,
) -> None:
    events = decoder.decode([answer_of_originate("Failure", 0), block("Hangup", "Cause: 17")])
    assert events == [OriginateDone(ATTEMPT, False, 0, True), HungUp(ATTEMPT, 17, 0)]


def test_a_call_is_forgotten_when_it_is_over(decoder: EventDecoder) -> None:
    decoder.decode(
        [block("Newchannel"), answer_of_originate("Success", 4), block("Hangup", "Cause: 16")]
    )
    assert not decoder._calls


def test_the_far_leg_of_a_transfer_is_no_invite_of_an_attempt(decoder: EventDecoder) -> None:
    leg = dial_begin(f"Uniqueid: {ATTEMPT}", unique_id="1795317255.7")
    assert decoder.decode([leg]) == []
