"""A survey, an agreement and transfers, by a whole installation, held against the ledger."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile
from stage import CALLER_ID, MESSAGE, Stage, numbers, staged, until

from campaigns.reply import TransferStep
from campaigns.states import Action
from operations import consent_forms
from operations.consent_form import ConsentForm
from operations.consent_forms import NewForm
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.replies import Said
from operations.report import report_of
from operations.script_values import ScriptValues
from rehearsal.ledger import LedgerCall, peak_concurrent
from store import replies
from store.engine import reading

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

LISTENS, ONE_TWO_ONE, TWO_ONE_TWO, REFUSES, HASH, STAR = 70, 60, 61, 62, 64, 65
FIRST, SECOND, REFUSING = numbers(ONE_TWO_ONE, 3), numbers(TWO_ONE_TWO, 2), numbers(REFUSES, 1)
AGREEING, ASKING = numbers(STAR, 2), numbers(HASH, 6)
AGENTS = "0199000077"
"""Answers and listens."""

SURVEY = {
    "tries": 1,
    "prompts": {"noted": "short", "thanks": "short", "unknown": "short"},
    "questions": [
        {"name": "vote", "recording": "question", "answers": {"1": "oui", "2": "non"}},
        {"name": "réunion", "recording": "question", "answers": {"1": "samedi", "2": "dimanche"}},
        {"name": "aide", "recording": "question", "answers": {"1": "volontiers", "2": "non"}},
    ],
}


@pytest.fixture(scope="module")
def stage(pbx_binary: object, pbx_root: Path) -> Iterator[Stage]:
    """One for all tests; each has people of its own."""
    with staged(pbx_root, "scripts") as made:
        made.start_network()
        made.start_dialer()
        yield made


def spoken(stage: Stage, name: str, seconds: float) -> int:
    """The beginning of a recording, so long, kept under a name; its id."""
    samples, rate = soundfile.read(MESSAGE)
    path = stage.home / f"{name}.wav"
    soundfile.write(path, samples[: int(seconds * rate)], rate)
    kept = keep_recording(
        stage.workspace, stage.controller, path, name=name, file_name=path.name, by="test"
    )
    return int(kept["id"])


def scripted(stage: Stage, people: list[str], name: str, **script: object) -> int:
    """A campaign with a script that calls these numbers."""
    recordings = {
        "message": spoken(stage, "message", 1.6),
        "question": spoken(stage, "question", 2.0),
        "short": spoken(stage, "short", 1.05),
    }
    says = [["identity", "opt_out", "body", "data_source", "callback"]]
    values = ScriptValues[str].model_validate({"says": says, **script})
    lists = stage.listed(people, name)
    return prepare_campaign(
        stage.workspace, stage.controller, stage.values(name), [recordings["message"]], [lists],
        "test", script=values.recorded(recordings.__getitem__),
    )  # fmt: skip


def said(stage: Stage, campaign: int) -> Said:
    found = report_of(stage.workspace, stage.controller, campaign).said
    assert found is not None
    return found


def answers(stage: Stage, campaign: int) -> dict[str, list[tuple[int, str]]]:
    """By number, what was answered to which question."""
    attempts = stage.attempts(campaign)
    with reading(stage.workspace.engine) as connection:
        found = replies.of_attempts(connection, [one["id"] for one in attempts])
    return {
        one["number"]: [(each.question, each.value) for each in found[one["id"]]]
        for one in attempts
        if found[one["id"]]
    }


def e164(number: str) -> str:
    return f"+33{number[1:]}"


@dataclass(frozen=True)
class Campaigns:
    """Three that ran at once, and the form to which people of the second agreed."""

    survey: int
    agreeing: int
    transfers: int
    form: ConsentForm


@pytest.fixture(scope="module")
def campaigns(stage: Stage) -> Campaigns:
    form = consent_forms.create(
        stage.workspace.engine, stage.controller,
        NewForm("Réunions", ["meetings"], {"fr": "J'accepte d'être appelé pour les réunions."},
                slug="reunions"), "test",
    )  # fmt: skip
    made = Campaigns(
        scripted(stage, [*FIRST, *SECOND, *REFUSING, *numbers(LISTENS, 1)], "Survey", **SURVEY),
        scripted(
            stage, [*AGREEING, *numbers(LISTENS, 1, first=20)], "Agreeing",
            consent={"key": "*", "form": form.slug}, prompts={"consented": "short"},
        ),
        scripted(
            stage, ASKING, "Transfers",
            transfer={"key": "#", "number": AGENTS, "limit": 5, "talk_s": 12},
            prompts={"connecting": "short", "full": "short", "unavailable": "short"},
        ),
        form,
    )  # fmt: skip
    every = (made.survey, made.agreeing, made.transfers)
    for one in every:
        stage.act(one, Action.LAUNCH)
    until(lambda: all(stage.ended(one) for one in every))
    return made


def test_a_survey_of_three_questions(stage: Stage, campaigns: Campaigns) -> None:
    campaign = campaigns.survey
    assert answers(stage, campaign) == {
        **{e164(one): [(1, "1"), (2, "2"), (3, "1")] for one in FIRST},
        **{e164(one): [(1, "2"), (2, "1"), (3, "2")] for one in SECOND},
        e164(REFUSING[0]): [(1, "1")],
    }
    assert [(one.name, one.answers) for one in said(stage, campaign).questions] == [
        ("vote", {"oui": 4, "non": 2}),
        ("réunion", {"samedi": 2, "dimanche": 3}),
        ("aide", {"volontiers": 3, "non": 2}),
    ]
    assert stage.progress(campaign).outcomes == {"delivered": 6, "opted_out": 1}
    assert never_said(stage, campaign) == []


def test_an_agreement_can_be_used_for_its_purpose_only(stage: Stage, campaigns: Campaigns) -> None:
    assert said(stage, campaigns.agreeing).consents == len(AGREEING)
    outcomes = {"political": "refused", "meetings": "reached"}
    later = {}
    for purpose in outcomes:
        values = stage.values(f"For {purpose}").model_copy(update={"purpose": purpose})
        later[purpose] = prepare_campaign(
            stage.workspace, stage.controller, values, [stage.recording()],
            [campaigns.form.list_id], "test",
        )  # fmt: skip
        stage.act(later[purpose], Action.LAUNCH)
    for purpose, outcome in outcomes.items():
        until(lambda purpose=purpose: stage.ended(later[purpose]))
        progress = stage.progress(later[purpose])
        assert progress.states.get(outcome) == len(AGREEING), progress
        assert progress.gates == ({"no_basis": 2} if outcome == "refused" else {})


def test_of_six_who_ask_at_once_five_talk(stage: Stage, campaigns: Campaigns) -> None:
    campaign = campaigns.transfers
    agents = [call for call in stage.calls if call.number == e164(AGENTS)]
    assert len(agents) == 5
    assert peak_concurrent(agents) == 5
    assert {call.caller_id for call in agents} == {e164(CALLER_ID)}
    assert said(stage, campaign).transfers == {
        TransferStep.ASKED: 5, TransferStep.FULL: 1, TransferStep.ANSWERED: 5,
        TransferStep.ENDED: 5, TransferStep.FAILED: 0,
    }  # fmt: skip
    assert stage.progress(campaign).outcomes == {"transferred": 5, "delivered": 1}


def test_answers_with_the_dialer_killed_are_there_afterwards(stage: Stage) -> None:
    people = numbers(ONE_TWO_ONE, 4, first=10)
    campaign = scripted(stage, people, "Killed", **SURVEY)
    stage.act(campaign, Action.LAUNCH)
    until(lambda: sum(call.answer_at is not None for call in mine(stage, people)) == len(people))
    stage.signal("dialer", signal.SIGKILL)
    until(lambda: all(call.ended_at for call in mine(stage, people)))
    pressed = [(call.number, [one.digit for one in call.keys]) for call in mine(stage, people)]
    assert sorted(pressed) == [(e164(one), ["1", "2", "1"]) for one in people], mine(stage, people)
    with reading(stage.workspace.engine) as connection:
        ids = [one["id"] for one in stage.attempts(campaign)]
        assert not any(replies.of_attempts(connection, ids).values()), "nobody was there to hear"
    stage.start_dialer()
    until(lambda: stage.ended(campaign))
    assert answers(stage, campaign) == {e164(one): [(1, "1"), (2, "2"), (3, "1")] for one in people}
    assert stage.verdict(campaign).faults == []


def never_said(stage: Stage, campaign: int) -> list[str]:
    """Calls with answers for which the network saw no key go up at that moment.

    Not the whole verdict, as other campaigns call at the same time.
    """
    return stage.verdict(campaign).never_said


def mine(stage: Stage, people: list[str]) -> list[LedgerCall]:
    wanted = {e164(one) for one in people}
    return [call for call in stage.calls if call.number in wanted]
