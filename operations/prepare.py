"""Preparing a campaign: its message made, its rules fixed, its targets filled in."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from campaigns.access import is_key
from campaigns.errors import InvalidInput
from campaigns.machine import MachineMode
from campaigns.money import to_micros
from campaigns.rules import windows
from campaigns.rules.pack import Pack
from campaigns.rules.windows import Window
from campaigns.script import Script, script_to_plain
from campaigns.states import CampaignState
from campaigns.trunk import is_rehearsal
from operations import callback_line, campaign_line, packs
from operations.campaign_file import CampaignValues, check_machines, check_message
from operations.demands import check_answering, check_authority, check_bases, purpose_for
from operations.filling import check_lists, fill
from operations.hold import watched
from operations.list_hold import check_released
from operations.script import check_kept_says, prepare_script
from operations.script_values import Says, ScriptValues
from operations.selection import Recorded, with_table, written_selection
from operations.trunk_choice import check_caller_id, check_other_trunks, find_trunk
from operations.workspace import Workspace
from store import audit, controllers, policies, recordings
from store import campaigns as kept
from store.engine import reading, writing


def prepare_campaign(
    workspace: Workspace,
    controller_id: int,
    values: CampaignValues,
    recording_ids: Sequence[int],
    list_ids: Sequence[int],
    by: str,
    progress: Callable[[int], None] | None = None,
    variants: Sequence[Recorded] = (),
    machine_recording_ids: Sequence[int] = (),
    script: ScriptValues[int] | Script | None = None,
) -> int:
    """Make a campaign ready to be launched; its id.

    Args:
        workspace: where.
        controller_id: on whose behalf.
        values: what it is.
        recording_ids: recordings in the order they are heard.
        list_ids: whom to call.
        by: who prepares it.
        progress: told how many contacts were looked at so far.
        variants: other messages, each for a segment or a constituency.
        machine_recording_ids: what is left on an answering machine, in the order heard.
        script: what its message says, and what keys do besides 9; or one that was prepared for
            the same message and rules.

    Raises:
        InvalidInput: names the value that is wrong and why.
        NotFound: a list or recording that the controller does not have.
    """
    list_ids = list(dict.fromkeys(list_ids))
    with reading(workspace.engine) as connection:
        check_lists(connection, controller_id, list_ids)
    check_message(values, recording_ids, variants)
    check_machines(values.machines.mode, machine_recording_ids)
    _check_persons(by, two_persons=values.launch.two_persons)
    check_answering(values)
    selection = written_selection(values, [one.values for one in variants])
    trunk = find_trunk(workspace, values.trunk)
    pack = packs.load(values.pack, workspace.settings.rules_directory)
    purpose = purpose_for(workspace, values.purpose, pack)
    _check_machines(values.machines.mode, pack)
    rehearsal = is_rehearsal([f"sip:{trunk.host}:{trunk.port}"])
    with reading(workspace.engine) as connection:
        check_bases(connection, controller_id, list_ids, pack.bases, pack.id)
        check_released(connection, controller_id, list_ids, rehearsal=rehearsal)
        if not rehearsal:
            check_authority(controllers.one(connection, controller_id), values, pack)
    caller_id = check_caller_id(values.caller_id, trunk, pack, rehearsal=rehearsal)
    check_other_trunks(workspace, values, pack, rehearsal=rehearsal)
    row = {
        "controller_id": controller_id,
        "purpose": purpose,
        "rehearsal": rehearsal,
        "caller_id": caller_id,
        **_rules(values, pack, rehearsal=rehearsal),
        **watched(values.launch, pack, rehearsal=rehearsal),
        **_messages(workspace, controller_id, recording_ids, variants, values.name),
        "machines": _machines(workspace, controller_id, values, machine_recording_ids),
    }
    if isinstance(script, Script):
        row["script"] = script_to_plain(script)
    elif script is not None:
        made = prepare_script(workspace, controller_id, script, values, rehearsal=rehearsal)
        row["script"] = script_to_plain(made)
        row["says"] = dict(_spoken(row, variants, script))
        check_kept_says(workspace, row, pack)
    campaign_id = _write(workspace, controller_id, values, row, selection, list_ids, by)
    fill(workspace, campaign_id, list_ids, progress)
    if not rehearsal:
        language = script.language if isinstance(script, ScriptValues) else callback_line.USUAL
        campaign_line.answer(workspace, campaign_id, row, language, by)
    return campaign_id


def _check_persons(by: str, *, two_persons: bool) -> None:
    """Refuse what nobody could launch (`operations.checks.persons`)."""
    if two_persons and is_key(by):
        raise InvalidInput(
            "launch.two_persons",
            f"«{by}» is no person: whoever has the key could launch it as a second one.",
            "Have somebody prepare it who is signed in, or leave it out.",
        )


def _check_machines(mode: MachineMode, pack: Pack) -> None:
    if mode is MachineMode.LEAVE_MESSAGE and not pack.machine_messages:
        raise InvalidInput(
            "machines.mode", f"{pack.id} allows no message on answering machines.",
            "Write hang_up or off.",
        )  # fmt: skip


def _rules(values: CampaignValues, pack: Pack, *, rehearsal: bool) -> dict[str, Any]:
    policy = values.retry.policy()
    if policy.max_attempts > pack.max_attempts:
        raise InvalidInput(
            "retry.max_attempts", f"{pack.id} allows {pack.max_attempts} attempts for a person."
        )
    return {
        "pack": pack.label,
        "evidence": pack.evidence.value,
        "windows": policies.windows_to_plain(_windows(values, pack, rehearsal=rehearsal)),
        "retry": policies.retry_to_plain(policy),
        "start_at": values.schedule.start_at,
        "end_at": values.schedule.end_at,
        "finish_by": values.schedule.finish_by,
        "verify_by": pack.verify_by,
        "blackouts": policies.blackouts_to_plain(values.schedule.all_blackouts()),
        "holidays": values.schedule.kept_holidays(pack),
        "frequency": policies.frequency_to_plain(values.schedule.kept_frequency(pack)),
        "pack_sha256": pack.sha256,
        "bases": sorted(one.value for one in pack.bases),
        "elections": [
            {"name": one.name, "source": one.source} for one in values.schedule.elections
        ],
        "no_election_by": values.schedule.no_election_by or None,
        "signatory": values.signatory or None,
    }


def _windows(values: CampaignValues, pack: Pack, *, rehearsal: bool) -> Sequence[Window]:
    if values.schedule.any_hour:
        if not rehearsal:
            raise InvalidInput(
                "schedule.any_hour",
                "only a rehearsal, which reaches nobody, may call at any hour.",
                "Remove it, or rehearse.",
            )
        return windows.ALWAYS
    if not values.schedule.hours:
        return pack.windows
    own = [packs.read_window(one.model_dump()) for one in values.schedule.hours]
    both = windows.intersect(pack.windows, own)
    if not both:
        raise InvalidInput("schedule.hours", f"none of them lies within those of {pack.id}.")
    return both


def _messages(
    workspace: Workspace,
    controller_id: int,
    recording_ids: Sequence[int],
    variants: Sequence[Recorded],
    name: str,
) -> dict[str, Any]:
    """The campaign's own message and its variants'.

    Where it has none of its own, the longest of theirs stands for its length.
    """
    made = {
        one.values.name: _message(workspace, controller_id, one.recording_ids, name)
        for one in variants
    }
    if recording_ids:
        own = _message(workspace, controller_id, recording_ids, name)
    else:
        longest = max(one["message_ms"] for one in made.values())
        own = {"recordings": [], "message": "", "message_ms": longest}
    return {**own, "variants": made}


def _machines(
    workspace: Workspace, controller_id: int, values: CampaignValues, recording_ids: Sequence[int]
) -> dict[str, Any] | None:
    """What is done on answering machines, as it is kept."""
    mode = values.machines.mode
    if mode is MachineMode.OFF:
        return None
    left = _message(workspace, controller_id, recording_ids, values.name) if recording_ids else {}
    return {"mode": mode.value, **left}


def _spoken(
    row: dict[str, Any], variants: Sequence[Recorded], script: ScriptValues[int]
) -> Iterator[tuple[str, list[list[str]]]]:
    """Every message that anybody hears, with what its recordings say, as it is kept."""
    if row["message"]:
        yield row["message"], _plain(script.says)
    for one in variants:
        yield row["variants"][one.values.name]["message"], _plain(one.values.says or script.says)


def _plain(says: Sequence[Says]) -> list[list[str]]:
    return [[part.value for part in one] for one in says]


def _message(
    workspace: Workspace, controller_id: int, recording_ids: Sequence[int], name: str
) -> dict[str, Any]:
    with reading(workspace.engine) as connection:
        found = [recordings.one(connection, controller_id, one) for one in recording_ids]
    parts = [workspace.library.root / one["path"] for one in found]
    message = workspace.library.prepare(parts, name)
    return {
        "recordings": list(recording_ids),
        "message": str(message.base.relative_to(workspace.library.root)),
        "message_ms": round(message.seconds * 1000),
    }


def _write(
    workspace: Workspace,
    controller_id: int,
    values: CampaignValues,
    row: dict[str, Any],
    selection: dict[str, Any] | None,
    list_ids: Sequence[int],
    by: str,
) -> int:
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        check_lists(connection, controller_id, list_ids)  # one may have been removed meanwhile
        asked = with_table(connection, selection) if selection else None
        campaign_id = kept.add(
            connection,
            name=values.name,
            state=CampaignState.DRAFT.value,
            trunk=values.trunk,
            other_trunks=values.other_trunks,
            weight=values.weight,
            budget=None if values.budget is None else to_micros(values.budget),
            two_persons=values.launch.two_persons,
            max_channels=values.limits.max_channels,
            max_cps=values.limits.max_cps,
            ring_timeout_s=values.ring_timeout_s,
            created_at=now,
            created_by=by,
            selection=asked,
            **row,
        )
        kept.add_lists(connection, campaign_id, list_ids)
        audit.record(
            connection,
            now,
            by,
            "campaign.prepare",
            f"campaign {campaign_id}",
            controller_id,
            {
                "pack": row["pack"],
                "lists": list(list_ids),
                "rehearsal": row["rehearsal"],
                "any_hour": values.schedule.any_hour,
                "watched": bool(row["bounds"]),
                "purpose": row["purpose"],
                "elections": [f"{one.name}: {one.source}" for one in values.schedule.elections],
                **_answered(row),
                **_audited(values, asked),
            },
        )
    return campaign_id


def _answered(row: dict[str, Any]) -> dict[str, str]:
    """Who answers for what in it by name; nothing where nobody does."""
    names = ("no_election_by", "signatory")
    return {name: row[name] for name in names if row[name]}


def _audited(values: CampaignValues, asked: dict[str, Any] | None) -> dict[str, Any]:
    """Whom it was prepared for; nothing where that is everybody."""
    if asked is None:
        return {}
    names = [name for name, _ in asked["variants"]]
    return {"segment": values.segment, "variants": names, "constituencies": asked["table"]}
