"""What is filled in on the page of keys and questions, and the script it makes."""

import pytest

from api.dashboard.draft import FIELD_OF, FIELDS, Draft, step_of
from api.dashboard.draft_script import filled_like, machine_recordings, script_values
from campaigns.errors import InvalidInput
from campaigns.script import KeyAct as Act
from campaigns.script import Question, Script, Transfer, by_key, script_to_plain
from campaigns.script_order import Part

SAYS = {"says4": ("opt_out", "identity"), "says7": ("callback", "body", "data_source")}
QUESTION = {"q1_name": "vote", "q1_recording": "8", "q1_key1": "oui", "q1_key2": "non"}


def draft(says: dict[str, tuple[str, ...]] = SAYS, **values: str) -> Draft:
    return Draft({"recording1": "4", "recording2": "7", "transfer_limit": "5", **values}, says)


def test_where_nothing_is_filled_in_there_is_no_script() -> None:
    assert script_values(draft(says={})) is None


def test_what_is_said_is_told_in_the_order_in_which_one_should_say_it() -> None:
    found = script_values(draft())
    assert found is not None
    assert found.says == [
        [Part.IDENTITY, Part.OPT_OUT], [Part.BODY, Part.DATA_SOURCE, Part.CALLBACK],
    ]  # fmt: skip
    assert found.replay is found.source is found.consent is found.transfer is None


def test_everything_that_a_page_can_ask_for() -> None:
    found = script_values(
        draft(
            replay_key="0", source_key="1", source_recording="9", consent_key="5",
            consent_form="site", transfer_key="#", transfer_number="4510", transfer_limit="3",
            script_language="en", **QUESTION,
        )
    )  # fmt: skip
    assert found is not None
    assert found.model_dump(exclude={"says", "prompts"}, mode="json") == {
        "language": "en", "replay": "0", "source": {"key": "1", "recording": 9},
        "consent": {"key": "5", "form": "site"},
        "transfer": {
            "key": "#", "number": "4510", "trunk": "", "limit": 3, "ring_s": 20, "talk_s": 900,
        },
        "questions": [{"name": "vote", "recording": 8, "answers": {"1": "oui", "2": "non"}}],
        "tries": 2,
    }  # fmt: skip


def test_no_field_gives_key_9_a_meaning() -> None:
    assert not [name for name in FIELDS["script"] if name.endswith("key9")]


@pytest.mark.parametrize(
    ("values", "says", "field"),
    [
        ({}, {"says4": ("identity",)}, "says7"),
        ({"replay_key": "0"}, {}, "says4"),
        ({"source_key": "1"}, SAYS, "source_recording"),
        ({"source_recording": "9"}, SAYS, "source_key"),
        ({"consent_key": "5"}, SAYS, "consent_form"),
        ({"transfer_number": "4510"}, SAYS, "transfer_key"),
        (
            {"transfer_key": "3", "transfer_number": "4510", "transfer_limit": "x"},
            SAYS, "transfer_limit",
        ),
        ({"q1_recording": "8"}, SAYS, "q1_name"),
        ({"q1_name": "vote"}, SAYS, "q1_recording"),
        ({"q2_name": "vote"}, SAYS, "q1_name"),
        ({"script_language": "de"}, SAYS, "script_language"),
        ({"replay_key": "12"}, SAYS, "replay_key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(
    values: dict[str, str], says: dict[str, tuple[str, ...]], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        script_values(draft(says, **values))
    named = FIELD_OF.get(refused.value.field, refused.value.field)
    assert named == field
    assert step_of(named, "people") == "script"


def test_a_message_for_machines_is_left_only_where_one_is_asked_for() -> None:
    assert machine_recordings(draft(machines="leave_message", machine_recording="9")) == [9]
    assert machine_recordings(draft(machines="hang_up", machine_recording="9")) == []


def test_what_a_recording_says_stays_its_own_wherever_it_is_heard() -> None:
    found = script_values(draft(recording1="7", recording2="4"))
    assert found is not None
    assert found.says[1] == [Part.IDENTITY, Part.OPT_OUT]


def test_a_prepared_script_is_begun_from_as_far_as_it_is_kept() -> None:
    script = Script(
        keys=by_key([(Act.REPLAY, "0"), (Act.TRANSFER, "3")]),
        questions=(Question("vote", {"1": "oui", "2": "non"}),),
        transfer=Transfer("4510", limit=2),
    )
    row = {
        "script": script_to_plain(script), "message": "messages/a/b", "recordings": [4, 7],
        "machines": {"mode": "leave_message", "recordings": [9]},
        "says": {"messages/a/b": [["identity"], ["opt_out", "body"]]},
    }  # fmt: skip
    assert filled_like(row) == {
        "says4": ("identity",), "says7": ("opt_out", "body"),
        "replay_key": "0", "transfer_key": "3", "q1_name": "vote", "q1_key1": "oui",
        "q1_key2": "non", "transfer_number": "4510", "transfer_limit": "2",
        "machines": "leave_message", "machine_recording": "9",
    }  # fmt: skip
    bare = {**row, "script": None, "machines": None, "says": None}
    assert filled_like(bare) == {}
