"""What may go to the PBX, and what is refused before it does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import PbxError
from dialer.ami import actions
from dialer.orders import OriginateOrder, ScriptOrder, TransferOrder

ORDER = OriginateOrder(
    attempt_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
    endpoint="loop",
    number="+33639980001",
    caller_id="+33199000001",
    ring_timeout_s=25,
    max_call_s=120,
    message="/sounds/message",
    confirmation="/sounds/confirmation",
    journal="/var/journal",
)
TEXTS = ("endpoint", "number", "caller_id", "message", "confirmation", "journal", "attempt_id")


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    "value",
    [
        "", "a b", "a,b", "a&b", "a|b", "a=b", "${SHELL(id)}", "$[1]", "a@b", 'a"b', "a)b", "a;b",
        "a\r\nAction: Logoff", "a\n", "a\0", "é", "a\u2028b",
    ],
)  # fmt: skip
def test_a_value_that_could_mean_more_is_refused(field: str, value: str) -> None:
    with pytest.raises(PbxError):
        actions.originate(replace(ORDER, **{field: value}))


@given(st.sampled_from(TEXTS), st.text(max_size=20))
def test_whatever_is_given_the_action_has_the_same_lines(field: str, value: str) -> None:
    try:
        sent = str(actions.originate(replace(ORDER, **{field: value})))
    except PbxError:
        return
    expected = str(actions.originate(ORDER)).split("\r\n")
    names = [line.partition(": ")[0] for line in expected]
    assert [line.partition(": ")[0] for line in sent.split("\r\n")] == names
    assert sent.count(",") == str(actions.originate(ORDER)).count(",")


@pytest.mark.parametrize("field", ["ring_timeout_s", "max_call_s"])
@pytest.mark.parametrize("value", [0, -1, 86_401])
def test_seconds_out_of_range_are_refused(field: str, value: int) -> None:
    with pytest.raises(PbxError, match=field):
        actions.originate(replace(ORDER, **{field: value}))


@pytest.mark.parametrize("target", ["/^PJSIP/.*$/", "all", "", "01arz3ndektsv4rrffq69g5fav"])
def test_only_one_attempt_can_be_hung_up(target: str) -> None:
    with pytest.raises(PbxError):
        actions.hang_up(target)


@pytest.mark.parametrize("name", ["loop,uri)", "${X}", "", "a b", "a)"])
def test_a_pjsip_name_cannot_end_its_function(name: str) -> None:
    with pytest.raises(PbxError):
        actions.pjsip_expression("PJSIP_AOR", name, "contact")


def test_a_contact_as_asterisk_names_it_is_taken() -> None:
    name = "loop@@87ae18fb0192cb3b5e673f3f57e252ea"
    assert actions.pjsip_expression("PJSIP_CONTACT", name, "uri") == f"PJSIP_CONTACT({name},uri)"


TRANSFER = TransferOrder("+33199000002", "desk-k7w2", "12", 5, 20, 900)
SCRIPT = ScriptOrder("/sounds/script", {"1": "source", "*": "consent"}, ("12", "1*#"), 2, TRANSFER)


def test_a_script_goes_as_variables_of_its_own_context() -> None:
    sent = str(actions.originate(replace(ORDER, script=SCRIPT)))
    assert "Context: portevoix-script" in sent
    for one in (
        "PV_SOUNDS=/sounds/script", "PV_ON_1=source", "PV_ON_star=consent", "PV_QUESTIONS=2",
        "PV_ASK_1=12", "PV_ASK_2=1*#", "PV_TRIES=2", "PV_TRANSFER_TO=+33199000002",
        "PV_TRANSFER_BY=desk-k7w2", "PV_TRANSFER_GROUP=12", "PV_TRANSFER_MOST=5",
        "PV_TRANSFER_RING=20", "PV_TRANSFER_TALK=900",
    ):  # fmt: skip
        assert one in sent


def test_a_call_without_a_script_is_as_it_always_was() -> None:
    sent = str(actions.originate(ORDER))
    assert "Context: portevoix-call" in sent
    assert sent.count("PV_") == 3


@pytest.mark.parametrize(
    "script",
    [
        replace(SCRIPT, sounds="/a,b"),
        replace(SCRIPT, keys={"9": "source"}),
        replace(SCRIPT, keys={"1": "System(rm)"}),
        replace(SCRIPT, keys={"12": "source"}),
        replace(SCRIPT, questions=("19",)),
        replace(SCRIPT, questions=("",)),
        replace(SCRIPT, questions=("1${X}",)),
        replace(SCRIPT, tries=0),
        replace(SCRIPT, transfer=replace(TRANSFER, number="1&PJSIP/2")),
        replace(SCRIPT, transfer=replace(TRANSFER, endpoint="a,b")),
        replace(SCRIPT, transfer=replace(TRANSFER, group="1@2")),
        replace(SCRIPT, transfer=replace(TRANSFER, most=-1)),
        replace(SCRIPT, transfer=replace(TRANSFER, talk_s=90_000)),
    ],
)
def test_a_script_that_could_mean_more_is_refused(script: ScriptOrder) -> None:
    with pytest.raises(PbxError):
        actions.originate(replace(ORDER, script=script))
