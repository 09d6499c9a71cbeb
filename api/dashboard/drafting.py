"""The pages on which a campaign is made, step by step; and the sample, ready made."""

from typing import Annotated, Any

from babel import dates
from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.caller import Asking, Caller, In
from api.dashboard.draft import (
    FIELD_OF,
    FIRST,
    KINDS,
    STEP_OF,
    STEPS,
    Draft,
    begun,
    campaign_values,
    draft_of,
    is_swift,
)
from api.dashboard.forms import Filled, checked, faults_of, text_of
from api.dashboard.holdings import lists_of, recordings_of
from api.dashboard.pages import chosen, page
from api.dashboard.preflight import listed
from api.dashboard.recordings import keep_upload
from api.language import Language
from api.needs import needs
from api.routes.campaigns import one
from api.schemas import LARGEST_ID, ContactList, Id, Recording
from campaigns.access import Permission
from campaigns.errors import InvalidInput
from operations import readiness, rules, trunk_states
from operations.campaign_file import check_message
from operations.prepare import prepare_campaign
from operations.rehearse import rehearse
from operations.sample import free_name, prepare_sample
from operations.trunk_choice import check_caller_id, find_trunk
from operations.trunk_states import TrunkState
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading

router = APIRouter(include_in_schema=False)

_Known = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]


@router.post("/sample", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def sample(workspace: In, caller: Asking) -> Response:
    """Prepare the sample campaign, and show what is looked at before its launch."""
    made = prepare_sample(workspace, caller.controller_id, caller.name)
    return RedirectResponse(f"/campaigns/{made}/preflight", 303)


@router.post("/campaigns/{campaign_id}/rehearse", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def rehearsal(campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Prepare a rehearsal of a campaign, and show what is looked at before its launch."""
    made = rehearse(workspace, caller.controller_id, campaign_id, caller.name)
    return RedirectResponse(f"/campaigns/{made}/preflight", 303)


@router.get("/campaigns/new")
@needs(Permission.CAMPAIGNS_WRITE)
def first_step(
    request: Request,
    workspace: In,
    caller: Asking,
    list_id: Annotated[int | None, Query(alias="list", ge=1, le=LARGEST_ID)] = None,
    recording: _Known = None,
    like: _Known = None,
) -> Response:
    """Begin one: with a list, with a recording, or like a campaign there is."""
    given: dict[str, Any] = {}
    if like is not None:
        given = _like(workspace, caller, like)
    if list_id is not None:
        given["lists"] = (str(list_id),)
    if recording is not None:
        given["recording1"] = recording
    return _step(request, workspace, caller, "people", begun(given))


@router.post("/campaigns/new", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def next_step(
    request: Request,
    workspace: In,
    caller: Asking,
    form: Filled,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Go on, where this step is right; back, whatever it is. A recording that is sent is kept."""
    draft, step = draft_of(form), text_of(form, "step")
    try:
        draft, added = _with_sent(workspace, caller, draft, form, file)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {error.field: "file"})
        return _step(request, workspace, caller, "message", draft, faults, 422)
    if "add" in form:
        return _step(request, workspace, caller, "message", draft, added=added)
    return _go(request, workspace, caller, form, draft, step if step in STEPS else STEPS[0])


def _with_sent(
    workspace: Workspace, caller: Caller, draft: Draft, form: FormData, file: UploadFile | None
) -> tuple[Draft, str]:
    """The draft with the recording that was sent, and its name; neither where there is none."""
    if file is not None and file.filename:
        row = keep_upload(workspace, caller, file, text_of(form, "recording_name"))
        return draft.hearing(int(row["id"])), str(row["name"])
    if "add" in form:
        raise InvalidInput(
            "file", "nothing was recorded, and no file was chosen.", "Do one or the other."
        )
    return draft, ""


def _go(
    request: Request, workspace: Workspace, caller: Caller, form: FormData, draft: Draft, step: str
) -> Response:
    """To the step that was asked for, the next one, or with the last one to what was made."""
    to = text_of(form, "to_step")
    to = to if to in STEPS else STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]
    prepare = "prepare" in form
    if not prepare and STEPS.index(to) <= STEPS.index(step):
        return _step(request, workspace, caller, to, draft)
    try:
        _check(workspace, caller, draft, step)
        if prepare:
            made = prepare_campaign(
                workspace, caller.controller_id, campaign_values(draft), draft.recording_ids,
                draft.list_ids, caller.name,
            )  # fmt: skip
            return RedirectResponse(f"/campaigns/{made}/preflight", 303)
    except InvalidInput as error:
        field = FIELD_OF.get(error.field, error.field)
        faults = faults_of(error, chosen(request), FIELD_OF)
        there = STEP_OF.get(field, step)
        return _step(request, workspace, caller, there, draft, faults, 422)
    return _step(request, workspace, caller, to, draft)


def _check(workspace: Workspace, caller: Caller, draft: Draft, step: str) -> None:
    """Refuse to go on from a step on which something is missing or wrong."""
    match step:
        case "people":
            _check_people(workspace, caller, draft)
        case "message":
            check_message(campaign_values(_whole(draft)), draft.recording_ids, [])
        case "way":
            trunk = find_trunk(workspace, draft["trunk"])
            pack = rules.in_force(workspace, KINDS[draft["purpose"]])
            states = {one.trunk.name: one for one in trunk_states.every(workspace)}
            rehearsing = trunk.name in states and states[trunk.name].rehearsal
            check_caller_id(draft["caller_id"], trunk, pack, rehearsal=rehearsing)
        case "schedule" | "limits" | "check":
            campaign_values(draft)


def _check_people(workspace: Workspace, caller: Caller, draft: Draft) -> None:
    if not draft["name"]:
        raise InvalidInput("name", "it has none.", "Give it one that your people will know.")
    if free_name(workspace, caller.controller_id, draft["name"]) != draft["name"]:
        raise InvalidInput("name", "another campaign is called so.", "Choose another name.")
    if draft["purpose"] not in KINDS:
        raise InvalidInput("purpose", "it is none of those there are.", "Choose one of them.")
    if not draft.list_ids:
        raise InvalidInput("lists", "nobody would be called.", "Choose at least one list.")


def _whole(draft: Draft) -> Draft:
    """The draft with what stands in fields of later steps at first."""
    return Draft({**FIRST, **draft.values}, draft.lists, draft.days)


def _like(workspace: Workspace, caller: Caller, campaign_id: int) -> dict[str, Any]:
    """The values of a campaign there is, under a name that is free."""
    row = one(campaign_id, workspace, caller)
    with reading(workspace.engine) as connection:
        lists = kept.lists_of(connection, campaign_id)
    places = {f"recording{place}": id_ for place, id_ in enumerate(row.recordings[:4], 1)}
    named = row.name.removesuffix(" (rehearsal)")
    return {
        "name": free_name(workspace, caller.controller_id, named),
        "purpose": row.purpose,
        "lists": tuple(map(str, lists)),
        "trunk": row.trunk,
        "caller_id": row.caller_id,
        "max_channels": row.max_channels,
        "max_cps": row.max_cps,
        "ring_timeout_s": row.ring_timeout_s,
        "max_attempts": row.retry["max_attempts"],
        "two_persons": "yes" if row.two_persons else "",
        **places,
    }


def _step(
    request: Request,
    workspace: In,
    caller: Caller,
    step: str,
    draft: Draft,
    faults: dict[str, str] | None = None,
    status: int = 200,
    added: str = "",
) -> Response:
    language = chosen(request)
    every_list = [one for one in lists_of(workspace, caller) if one.state == "ready"]
    recordings = recordings_of(workspace, caller)
    named = {one.id: one for one in recordings}
    shown = {
        "step": step,
        "steps": STEPS,
        "draft": draft,
        "faults": faults or {},
        "added": added,
        "recordings": recordings,
        "swift": is_swift(draft),
        "readiness": None,
        "unready": {},
        "chosen_lists": [one for one in every_list if one.id in draft.list_ids],
        "chosen_recordings": [named[id_] for id_ in draft.recording_ids if id_ in named],
        **_choices(workspace, language, every_list, recordings),
    }
    if step == "readiness" and draft.list_ids:
        found = readiness.of_lists(
            workspace, caller.controller_id, draft.list_ids, KINDS[draft["purpose"]],
            draft["purpose"],
        )  # fmt: skip
        shown |= listed(language, found)
    return page(request, "draft.html", status, **shown)


def _choices(
    workspace: Workspace, language: Language, lists: list[ContactList], recordings: list[Recording]
) -> dict[str, Any]:
    """What there is to choose from: a value, its words, and a word about it."""
    days = dates.get_day_names("wide", "stand-alone", language.code)
    return {
        "lists_choice": [(one.id, one.name, language.number(one.accepted)) for one in lists],
        "recordings_choice": [(one.id, one.name) for one in recordings],
        "purposes_choice": [
            (one, language.word("purpose", one), pack) for one, pack in KINDS.items()
        ],
        "trunks_choice": [
            (one.trunk.name, one.trunk.name, _about(one, language))
            for one in trunk_states.every(workspace)
        ],
        "days_choice": [(day, days[day - 1], "") for day in range(1, 8)],
    }


def _about(trunk: TrunkState, language: Language) -> str:
    if trunk.rehearsal:
        return language.say("The simulated network: nobody is really called.")
    numbers = ", ".join(map(language.phone, trunk.trunk.caller_ids))
    return language.say("Real telephones. It may show: {numbers}").format(numbers=numbers or "–")
