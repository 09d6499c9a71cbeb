"""What keys may do, and what is kept of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.reply import Reply, ReplyKind, TransferStep, read_reply
from campaigns.script import (
    KEYS,
    OPT_OUT,
    KeyAct,
    KeyConsent,
    Question,
    Script,
    Transfer,
    by_key,
    script_of,
    script_to_plain,
)

KEY = st.sampled_from(KEYS)
LABELS = st.text("abcdefgh éà", min_size=1, max_size=10)
QUESTIONS = st.builds(
    Question,
    LABELS,
    st.dictionaries(KEY, LABELS, min_size=2).filter(lambda one: len(set(one.values())) == len(one)),
)
SCRIPTS = st.builds(
    Script,
    sounds=st.just("scripts/abcd"),
    keys=st.dictionaries(KEY, st.sampled_from(KeyAct)),
    questions=st.lists(QUESTIONS, max_size=9).map(tuple),
    tries=st.integers(1, 5),
    consent=st.none() | st.builds(KeyConsent, st.integers(1), st.integers(1), st.just(("a", "b"))),
    transfer=st.none()
    | st.builds(
        Transfer,
        number=st.sampled_from(["+33199000001", "4510"]),
        trunk=st.sampled_from(["", "desk"]),
        limit=st.integers(1, 1000),
        ring_s=st.integers(5, 120),
        talk_s=st.integers(1, 7200),
    ),
    spoken_s=st.integers(0, 600),
)


@given(SCRIPTS)
def test_a_script_is_kept_as_it_is(script: Script) -> None:
    assert script_of(script_to_plain(script)) == script


@given(st.text(max_size=2))
def test_only_keys_of_a_telephone_but_nine_can_be_given_a_meaning(key: str) -> None:
    if len(key) == 1 and key in KEYS:
        assert by_key([(KeyAct.REPLAY, key)]) == {key: KeyAct.REPLAY}
        Question("q", {key: "a", KEYS[key == KEYS[0]]: "b"})
    else:
        with pytest.raises(InvalidInput):
            by_key([(KeyAct.REPLAY, key)])
        with pytest.raises(InvalidInput):
            Script(questions=(Question("q", {"1": "a", key: "b"}),))


@pytest.mark.parametrize("act", KeyAct)
def test_nine_is_for_refusing_and_says_so(act: KeyAct) -> None:
    with pytest.raises(InvalidInput, match="want no more calls"):
        by_key([(act, OPT_OUT)])


def test_one_key_does_one_thing() -> None:
    with pytest.raises(InvalidInput, match="key 1 is that of replay"):
        by_key([(KeyAct.REPLAY, "1"), (KeyAct.TRANSFER, "1")])


def test_a_question_has_something_to_choose_from() -> None:
    with pytest.raises(InvalidInput, match=r"questions\.0.*nothing to choose"):
        Script(questions=(Question("q", {"1": "oui"}),))
    with pytest.raises(InvalidInput, match="two keys say the same"):
        Script(questions=(Question("q", {"1": "oui", "2": "oui"}),))


@pytest.mark.parametrize(
    "number", ["", "1", "+", "12a", "s@portevoix", "1,2", "1&PJSIP/2", "${X}", "0" * 16]
)
def test_a_number_that_could_mean_more_to_the_dialplan_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput, match=r"script\.transfer\.number"):
        Transfer(number)


@given(SCRIPTS, st.integers(0, 600_000))
def test_whatever_a_script_adds_a_call_has_an_end(script: Script, message_ms: int) -> None:
    longest = script.longest_s(message_ms)
    assert longest >= script.spoken_s
    if script.transfer:
        assert longest >= script.transfer.ring_s + script.transfer.talk_s


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=3), st.text(max_size=8))
def test_a_line_that_means_nothing_is_no_reply(at: str, kind: str, number: str, value: str) -> None:
    try:
        found = read_reply(at, kind, number, value)
    except ValueError:
        return
    assert found.value in KEYS or TransferStep(found.value)


def test_replies_are_read_as_they_are_written() -> None:
    at = datetime(2026, 3, 2, 11, tzinfo=UTC)
    at_ms = str(int(at.timestamp() * 1000))
    assert read_reply(at_ms, "answer", "2", "#") == Reply(ReplyKind.ANSWER, 2, "#", at)
    assert read_reply(at_ms, "consent", "0", "5") == Reply(ReplyKind.CONSENT, 0, "5", at)
    assert read_reply(at_ms, "transfer", "0", "full").value == TransferStep.FULL
    for wrong in (
        ("answer", "0", "1"),
        ("answer", "10", "1"),
        ("answer", "1", "9"),
        ("consent", "1", "5"),
        ("transfer", "0", "5"),
        ("answer", "1", "12"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is no reply
            read_reply(at_ms, *wrong)
