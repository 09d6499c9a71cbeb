"""The pages of a campaign that is being made, as they are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel import dates
from fastapi import Request
from fastapi.responses import Response

from api.caller import Caller
from api.dashboard.draft import KINDS, STEPS, Draft, is_swift
from api.dashboard.draft_script import (
    ACT_KEYS,
    ANSWERS,
    QUESTIONS,
    answer,
    of_question,
    says,
)
from api.dashboard.holdings import lists_of, recordings_of
from api.dashboard.pages import chosen, page
from api.dashboard.preflight import listed
from api.language import Language
from api.schemas import ContactList, Recording
from campaigns.machine import MachineMode
from campaigns.rules.pack import Pack
from campaigns.rules.purposes import Purpose
from campaigns.script import OPT_OUT
from campaigns.script_order import Part
from operations import consent_form, controllers, readiness, rules, trunk_states
from operations.consent_form import ConsentForm
from operations.script_values import Language as Spoken
from operations.trunk_states import TrunkState
from operations.workspace import Workspace
from store.drafts import KeptDraft


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of a draft.

    Attributes:
        step: which step.
        draft: what was filled in.
        kept: as it is kept; None before the first step is sent.
        key: of the page, where nothing is kept yet.
        faults: what is wrong, by field.
        added: the name of a recording that was added just now.
        others: drafts that may have been meant.
    """

    step: str
    draft: Draft
    kept: KeptDraft | None = None
    key: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    added: str = ""
    others: Sequence[KeptDraft] = ()


def ready_lists(workspace: Workspace, caller: Caller) -> list[ContactList]:
    """The lists that can be called."""
    return [one for one in lists_of(workspace, caller) if one.state == "ready"]


def open_forms(workspace: Workspace, caller: Caller) -> list[ConsentForm]:
    """Consent forms whose text people can agree to with a key."""
    found = consent_form.of_controller(workspace.engine, caller.controller_id)
    return [one for one in found if one.closed_at is None and not one.slots]


def draft_page(
    request: Request, workspace: Workspace, caller: Caller, shown: Shown, status: int = 200
) -> Response:
    """One step of it."""
    language, draft = chosen(request), shown.draft
    lists, recordings = ready_lists(workspace, caller), recordings_of(workspace, caller)
    named = {one.id: one for one in recordings}
    heard = [named[id_] for id_ in dict.fromkeys(draft.recording_ids) if id_ in named]
    values: dict[str, Any] = {
        "step": shown.step,
        "steps": STEPS,
        "kept": shown.kept,
        "key": shown.key,
        "draft": draft,
        "faults": shown.faults,
        "added": shown.added,
        "others": shown.others,
        "recordings": [*heard, *(one for one in recordings if one not in heard)],
        "swift": is_swift(draft),
        "readiness": None,
        "unready": {},
        "chosen_lists": [one for one in lists if one.id in draft.list_ids],
        "chosen_recordings": heard,
        **_choices(workspace, language, lists, recordings),
        **_purposes(workspace, caller, language),
    }
    if shown.step == "readiness":
        values |= _readiness(workspace, caller, language, draft)
    if shown.step in {"script", "check"}:
        values |= _script(workspace, caller, language, shown)
    return page(request, "draft.html", status, **values)


def _readiness(
    workspace: Workspace, caller: Caller, language: Language, draft: Draft
) -> dict[str, Any]:
    purpose = draft["purpose"]
    if not draft.list_ids or purpose not in KINDS:
        return {}
    found = readiness.of_lists(
        workspace, caller.controller_id, draft.list_ids, KINDS[purpose], purpose
    )
    return listed(language, found)


def _choices(
    workspace: Workspace, language: Language, lists: list[ContactList], recordings: list[Recording]
) -> dict[str, Any]:
    """What there is to choose from: a value, its words, and a word about it."""
    days = dates.get_day_names("wide", "stand-alone", language.code)
    people = language.say("People: {count}")
    return {
        "lists_choice": [
            (one.id, one.name, people.format(count=language.number(one.accepted))) for one in lists
        ],
        "recordings_choice": [(one.id, one.name) for one in recordings],
        "trunks_choice": [
            (one.trunk.name, one.trunk.name, _about(one, language))
            for one in trunk_states.every(workspace)
        ],
        "days_choice": [(day, days[day - 1], "") for day in range(1, 8)],
    }


def _purposes(workspace: Workspace, caller: Caller, language: Language) -> dict[str, Any]:
    """What a campaign can be; alerts are for public bodies alone."""
    public_body = controllers.one(workspace, caller.controller_id)["public_body"]
    offered = {one: pack for one, pack in KINDS.items() if public_body or one != Purpose.EMERGENCY}
    return {
        "public_body": public_body,
        "purposes_choice": [
            (one, language.word("purpose", one), pack) for one, pack in offered.items()
        ],
    }


def _about(trunk: TrunkState, language: Language) -> str:
    if trunk.rehearsal:
        return language.say("The simulated network: nobody is really called.")
    numbers = ", ".join(map(language.phone, trunk.trunk.caller_ids))
    return language.say("Real telephones. It may show: {numbers}").format(numbers=numbers or "–")


def _script(
    workspace: Workspace, caller: Caller, language: Language, shown: Shown
) -> dict[str, Any]:
    """What a script can say, what the rules want of it, and what this one says."""
    draft = shown.draft
    pack = rules.in_force(workspace, KINDS.get(draft["purpose"], KINDS["political"]))
    return {
        "says": says,
        "answer_field": answer,
        "questions": QUESTIONS,
        "asked": {one for one in QUESTIONS if _is_asked(shown, one)},
        "answers": ANSWERS,
        "parts_choice": [(one.value, _sentence(language.word("says", one)), "") for one in Part],
        "wanted": [language.word("says", one) for one in Part if one in pack.script.needed],
        "keys_choice": [("", language.say("no key")), *((key, key) for key in ACT_KEYS)],
        "forms_choice": [_form(one, language) for one in open_forms(workspace, caller)],
        "spoken_choice": [(one.value, language.word("spoken", one), "") for one in Spoken],
        "machines_choice": _machines(pack, language),
        "keys_said": list(_said(draft, language)),
        "questions_said": [said for one in QUESTIONS if (said := draft[f"q{one}_name"])],
    }


def _is_asked(shown: Shown, question: int) -> bool:
    """Whether anything is filled in of a question, or wrong with it."""
    return any(shown.draft[name] or name in shown.faults for name in of_question(question))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _form(form: ConsentForm, language: Language) -> tuple[str, str]:
    purposes = ", ".join(language.word("purpose", one) for one in form.purposes)
    return form.slug, f"{form.name} ({purposes})"


def _machines(pack: Pack, language: Language) -> list[tuple[str, str, str]]:
    """What can be done on answering machines, by the rules in force."""
    return [
        (one.value, language.word("machines", one), language.word("machines_about", one))
        for one in MachineMode
        if one is not MachineMode.LEAVE_MESSAGE or pack.machine_messages
    ]


def _said(draft: Draft, language: Language) -> Iterator[tuple[str, str]]:
    """Each key that does something during the message, and what."""
    yield OPT_OUT, language.word("key_act", "opt_out")
    for act in ("replay", "source", "consent", "transfer"):
        if draft[f"{act}_key"]:
            yield draft[f"{act}_key"], language.word("key_act", act)
