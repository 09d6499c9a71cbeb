"""A draft held against what there is: whether one can go on from a step, and what is made of it."""

from api.caller import Caller
from api.dashboard import draft_script
from api.dashboard.draft import KINDS, Draft, campaign_values, signatory_of
from api.dashboard.draft_page import open_forms, ready_lists
from api.dashboard.holdings import recordings_of
from campaigns.errors import InvalidInput
from campaigns.machine import MachineMode
from operations import controllers, rules, trunk_states
from operations.campaign_file import CampaignValues, check_machines
from operations.demands import check_answering, check_authority
from operations.prepare import prepare_campaign
from operations.rehearse import REHEARSAL_CALLER_ID
from operations.sample import free_name
from operations.script_trial import check_script
from operations.script_values import ScriptValues
from operations.settings import REHEARSAL
from operations.trunk_choice import check_caller_id, find_trunk
from operations.workspace import Workspace


def known(workspace: Workspace, caller: Caller, draft: Draft) -> Draft:
    """A draft without lists and recordings that are there no more, or are somebody else's."""
    lists = {one.id for one in ready_lists(workspace, caller)}
    return draft.known(lists, {one.id for one in recordings_of(workspace, caller)})


def check_step(workspace: Workspace, caller: Caller, draft: Draft, step: str) -> None:
    """Refuse to go on from a step on which something is missing or wrong.

    Raises:
        InvalidInput: names it.
    """
    match step:
        case "people":
            _check_people(workspace, caller, draft)
        case "message":
            if not draft.recording_ids:
                raise InvalidInput(
                    "recordings", "there is nothing to say.", "Name at least one recording."
                )
        case "script":
            _check_script(workspace, caller, draft)
        case "way":
            _check_way(workspace, caller, draft)
        case "schedule" | "limits" | "check":
            campaign_values(draft)


def prepared(workspace: Workspace, caller: Caller, draft: Draft) -> int:
    """The campaign that is made of a draft; its id.

    Raises:
        InvalidInput: names what is wrong with it.
    """
    return prepare_campaign(
        workspace, caller.controller_id, campaign_values(draft), draft.recording_ids,
        draft.list_ids, caller.name,
        machine_recording_ids=draft_script.machine_recordings(draft),
        script=_script(workspace, caller, draft),
    )  # fmt: skip


def _check_people(workspace: Workspace, caller: Caller, draft: Draft) -> None:
    if not draft["name"]:
        raise InvalidInput("name", "it has none.", "Give it one that your people will know.")
    if free_name(workspace, caller.controller_id, draft["name"]) != draft["name"]:
        raise InvalidInput("name", "another campaign is called so.", "Choose another name.")
    if draft["purpose"] not in KINDS:
        raise InvalidInput("purpose", "it is none of those there are.", "Choose one of them.")
    check_answering(_bare(draft))
    if not draft.list_ids:
        raise InvalidInput("lists", "nobody would be called.", "Choose at least one list.")


def _check_script(workspace: Workspace, caller: Caller, draft: Draft) -> ScriptValues[int] | None:
    mode = draft["machines"] or MachineMode.OFF
    if mode not in set(MachineMode):
        raise InvalidInput("machines", "it is none of those there are.", "Choose one of them.")
    check_machines(MachineMode(mode), draft_script.machine_recordings(draft))
    script = _script(workspace, caller, draft)
    if script is not None:
        check_script(workspace, caller.controller_id, script, _bare(draft), draft.recording_ids)
    return script


def _check_way(workspace: Workspace, caller: Caller, draft: Draft) -> None:
    trunk = find_trunk(workspace, draft["trunk"])
    pack = rules.in_force(workspace, _pack_of(draft))
    states = {one.trunk.name: one for one in trunk_states.every(workspace)}
    rehearsing = trunk.name in states and states[trunk.name].rehearsal
    check_caller_id(draft["caller_id"], trunk, pack, rehearsal=rehearsing)
    if rehearsing:
        return
    # What is asked of real campaigns alone, such as the spoken label, is known of only now.
    controller = controllers.one(workspace, caller.controller_id)
    check_authority(controller, _bare(draft), pack)
    script = _check_script(workspace, caller, draft)
    if pack.script.needed and script is None:
        raise InvalidInput(
            "says",
            f"{pack.id} asks what is said before people are called, and it is not told.",
            "Tick what each recording says, then go on.",
        )


def _script(workspace: Workspace, caller: Caller, draft: Draft) -> ScriptValues[int] | None:
    script = draft_script.script_values(draft)
    if script is not None and script.consent is not None:
        asked = script.consent.form
        if asked not in {one.slug for one in open_forms(workspace, caller)}:
            raise InvalidInput("script.consent.form", f"there is no form «{asked}».")
    return script


def _bare(draft: Draft) -> CampaignValues:
    """As much of the campaign as its script depends on, where the rest is not filled in yet."""
    return CampaignValues(
        name="–", purpose=draft["purpose"] or "–", pack=_pack_of(draft),
        trunk=draft["trunk"] or REHEARSAL, caller_id=REHEARSAL_CALLER_ID,
        signatory=signatory_of(draft),
    )  # fmt: skip


def _pack_of(draft: Draft) -> str:
    """The rules of its purpose.

    Raises:
        InvalidInput: it has none.
    """
    if draft["purpose"] not in KINDS:
        raise InvalidInput("purpose", "it is none of those there are.", "Choose one of them.")
    return KINDS[draft["purpose"]]
