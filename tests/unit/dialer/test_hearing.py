"""What the PBX tells is applied to the right call, once."""

import pytest
from dialer_subjects import a_call

from campaigns.outcome import Outcome
from dialer.calls import Call, Calls
from dialer.events import (
    Answered,
    CallEnded,
    Dialling,
    Event,
    HungUp,
    KeyPressed,
    LinkUp,
    OptedOut,
    OriginateDone,
    OriginateRefused,
    Ringing,
)
from dialer.hearing import Hearing
from dialer.outcomes import Closing


class Subject:
    def __init__(self) -> None:
        self.calls = Calls()
        self.closings = list[Closing]()
        self.refused: list[Outcome] = []
        self.untold = self.hurried = 0
        self.hearing = Hearing(
            self.calls,
            lambda _, closing: self.closings.append(closing),
            lambda _, outcome: self.refused.append(outcome),
            self._lost,
            self._hurry,
        )
        self.call = a_call()
        self.calls.add(self.call)
        self.id = self.call.attempt.id

    def _lost(self) -> None:
        self.untold += 1

    def _hurry(self) -> None:
        self.hurried += 1

    def hear(self, *events: Event) -> None:
        for event in events:
            self.hearing.hear(event)

    def ended(self, **changes: object) -> CallEnded:
        values: dict[str, object] = {
            "ended_ms": 2000, "answered_ms": 1000, "cause": 16, "tech": "SIP 200 OK",
            "sip_call_id": "", "result": "played", "heard_ms": 2000, "rtp_sent": 100,
            "rtp_received": 100, "keys": "",
        }  # fmt: skip
        return CallEnded(self.id, **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def subject() -> Subject:
    return Subject()


def test_an_answered_call(subject: Subject) -> None:
    id_ = subject.id
    subject.hear(Dialling(id_, "c"), Ringing(id_), Answered(id_), OriginateDone(id_, True, 4, True))
    assert subject.call.ringing_at is not None
    assert subject.call.answered_at is not None
    subject.hear(KeyPressed(id_, "1", 300), subject.ended(), HungUp(id_, 16, 0))
    (closing,) = subject.closings
    assert closing.ended.outcome is Outcome.DELIVERED
    assert subject.call.keys == ["1"]
    assert len(subject.calls) == 0


def test_ringing_twice_keeps_the_first_instant(subject: Subject) -> None:
    subject.hear(Ringing(subject.id))
    first = subject.call.ringing_at
    subject.hear(Ringing(subject.id))
    assert subject.call.ringing_at == first


def test_an_originate_that_failed_with_a_channel_waits_for_its_hangup(subject: Subject) -> None:
    subject.hear(OriginateDone(subject.id, False, 0, True))
    assert subject.closings == subject.refused == []
    subject.hear(subject.ended(answered_ms=0, tech="SIP 486 Busy", cause=17, result=""),
                 HungUp(subject.id, 17, 486))  # fmt: skip
    assert [one.ended.outcome for one in subject.closings] == [Outcome.BUSY]
    subject.hear(OriginateDone(subject.id, False, 0, True))
    assert subject.refused == []


@pytest.mark.parametrize("no_channel", [True, False])
def test_an_originate_that_made_no_channel_is_over(subject: Subject, no_channel: bool) -> None:
    id_ = subject.id
    subject.hear(
        OriginateDone(id_, False, 0, False) if no_channel else OriginateRefused(id_, "no such")
    )
    assert subject.refused == [Outcome.CONFIG_ERROR]
    assert len(subject.calls) == 0


def test_a_refusal_is_told_at_once_and_survives_a_store_that_failed(subject: Subject) -> None:
    subject.hear(OptedOut(subject.id))
    assert subject.hurried == 1, "the cycle that writes it need not be waited for"
    assert subject.call.opted_out
    taken = subject.hearing.refusals()
    assert taken == [subject.call]
    assert subject.hearing.refusals() == []
    subject.hear(OptedOut(subject.id))
    subject.hearing.hear_again(taken)
    assert subject.hearing.refusals() == [subject.call, subject.call]


def test_what_is_not_in_hand_is_nobodys(subject: Subject) -> None:
    other = a_call().attempt.id
    events: list[Event] = [
        LinkUp(), Ringing(other), Answered(other), OptedOut(other), HungUp(other, 16, 0),
        OriginateRefused(other, ""),
    ]  # fmt: skip
    subject.hear(*events)
    assert subject.closings == subject.refused == subject.hearing.refusals() == []
    assert subject.id in subject.calls


def test_a_hangup_without_its_report_is_looked_up(subject: Subject) -> None:
    subject.hear(Answered(subject.id), HungUp(subject.id, 0, 0))
    assert subject.closings == []
    assert subject.untold == 1
    assert subject.calls.get(subject.id) is subject.call
    assert subject.call.hung_up == HungUp(subject.id, 0, 0)


def test_calls_in_hand() -> None:
    calls = Calls()
    one, other = a_call(), a_call()
    calls.add(one)
    calls.add(other)
    assert [len(calls), len(calls.of_campaign(1)), len(calls.of_campaign(2))] == [2, 2, 0]
    assert calls.remove(one.attempt.id) is one
    assert calls.remove(one.attempt.id) is None
    assert one.attempt.id not in calls
    assert isinstance(next(iter(calls)), Call)
