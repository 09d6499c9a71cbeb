"""From a campaign file to a campaign that can be launched; the same file again changes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.money import to_micros
from campaigns.rules import windows
from campaigns.rules.pack import Pack
from campaigns.rules.purposes import canonical
from campaigns.rules.windows import Window
from campaigns.script import script_to_plain
from cli import lookup, progress_bar
from cli.console import figure, note
from cli.contacts import import_lines
from operations import controllers, packs
from operations.campaign_file import CampaignFile, CampaignValues, LaunchValues, ListFile
from operations.hold import watched
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.rehearse import REHEARSAL_CALLER_ID
from operations.rules import in_force
from operations.script import prepare_script
from operations.script_values import ScriptValues
from operations.selection import Recorded, written_selection
from operations.settings import REHEARSAL
from operations.workspace import Workspace
from store import campaigns as kept
from store import policies
from store.engine import reading, writing

_OF_A_FILE = {"file", "header", "recording"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A campaign of a controller."""

    controller_id: int
    campaign_id: int


def rehearsed(values: CampaignFile) -> CampaignFile:
    """The same campaign for the simulated network: its trunk, any hour, a name of its own.

    It is not watched: what simulated people do says nothing of those on the list.
    """
    schedule = values.schedule.model_copy(update={"any_hour": True, "hours": []})
    shown = values.caller_id if parse(values.caller_id).fictional else REHEARSAL_CALLER_ID
    changes = {
        "name": f"{values.name} (rehearsal)",
        "trunk": REHEARSAL,
        "other_trunks": [],
        "caller_id": shown,
        "schedule": schedule,
        "launch": LaunchValues(watch=False),
        "script": _rehearsed_script(values),
    }
    return values.model_copy(update=changes)


def _rehearsed_script(values: CampaignFile) -> ScriptValues[Path] | None:
    """The same, but that whoever asks to be put through reaches the simulated network too."""
    script = values.script
    if script is None or script.transfer is None:
        return script
    transfer = script.transfer.model_copy(update={"trunk": ""})
    return script.model_copy(update={"transfer": transfer})


def set_up(workspace: Workspace, values: CampaignFile, by: str) -> Chosen:
    """Import the lists, keep the recordings and prepare the campaign, or find it prepared.

    Raises:
        InvalidInput: something in the file is wrong.
        NotAllowed: a campaign of that name exists and is another one.
    """
    written_selection(values, values.variants)  # before a long import
    with writing(workspace.engine) as connection:
        controller_id = controllers.ensure(connection, values.controller, by)
    lists = [_import(workspace, controller_id, one, by) for one in values.lists]
    recordings = [_keep(workspace, controller_id, path, by) for path in values.recordings]
    variants = [
        Recorded(one, [_keep(workspace, controller_id, path, by) for path in one.recordings])
        for one in values.variants
    ]
    left = [_keep(workspace, controller_id, path, by) for path in values.machines.recordings]
    script = _recorded_script(workspace, controller_id, values, by)
    known = _known(workspace, controller_id, values.name)
    if known is not None:
        _check_same(workspace, known, values, recordings, lists, variants)
        _check_same_script(workspace, controller_id, known, values, script)
        return Chosen(controller_id, known["id"])
    _warn_of_pack(workspace, values)
    with progress_bar.counting("preparing", "contacts") as tell:
        made = prepare_campaign(
            workspace, controller_id, values, recordings, lists, by, tell, variants, left, script
        )
    return Chosen(controller_id, made)


def _recorded_script(
    workspace: Workspace, controller_id: int, values: CampaignFile, by: str
) -> ScriptValues[int] | None:
    def keep(path: Path) -> int:
        return _keep(workspace, controller_id, path, by)

    return values.script.recorded(keep) if values.script else None


def _warn_of_pack(workspace: Workspace, values: CampaignFile) -> None:
    pack = in_force(workspace, values.pack)
    if pack.is_expired(datetime.now(UTC).date()):
        note(
            f"The rules of {pack.label} had to be read again by {pack.verify_by}: a campaign that "
            "reaches people needs somebody who answers for them."
        )


def _import(workspace: Workspace, controller_id: int, one: ListFile, by: str) -> int:
    with (
        _naming(one.file),
        one.file.open("rb") as file,
        progress_bar.importing(one.file.name) as tell,
    ):
        report = import_list(
            workspace.engine,
            controller_id,
            file,
            name=one.name or one.file.stem,
            file_name=one.file.name,
            provenance=one.provenance(),
            by=by,
            progress=tell,
        )
    note("\n".join(import_lines(report)))
    return report.list_id


def _keep(workspace: Workspace, controller_id: int, path: Path, by: str) -> int:
    with _naming(path):
        kept_now = keep_recording(
            workspace, controller_id, path, name=path.stem, file_name=path.name, by=by
        )
    return int(kept_now["id"])


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    """Say of which of several files something is wrong."""
    try:
        yield
    except InvalidInput as error:
        if error.field not in _OF_A_FILE:
            raise
        raise InvalidInput(str(file), error.why, error.remedy) from error


def _known(workspace: Workspace, controller_id: int, name: str) -> dict[str, Any] | None:
    with reading(workspace.engine) as connection:
        try:
            found = kept.id_of(connection, controller_id, name)
        except NotFound:
            return None
        row = kept.row(connection, controller_id, found)
        return row if row["name"] == name else None  # a name of digits is no id


def _check_same(
    workspace: Workspace,
    row: dict[str, Any],
    values: CampaignValues,
    recordings: list[int],
    lists: list[int],
    variants: list[Recorded],
) -> None:
    """Refuse a file that says otherwise than the campaign that bears its name.

    Limits are left out: they may have been changed since, and what was changed stays. So do lists
    that were added since, and the rules it was prepared with where there are newer ones.
    """
    pack = in_force(workspace, values.pack)
    row = {**row, "purpose": canonical(row["purpose"])}
    written = {**_written(values), "recordings": recordings}
    if row["pack"] != pack.label and row["pack"].partition("@")[0] == pack.id:
        note(f"It keeps the rules of {row['pack']}; those in force now are {pack.label}.")
    else:
        written |= _by_rules(values, pack, rehearsal=row["rehearsal"])
    differing = [name for name, value in written.items() if row[name] != value]
    if not _is_same_selection(row, values, variants):
        differing.append("segments")
    if not set(lists).issubset(lookup.lists_of(workspace, row["id"])):
        differing.append("lists")
    if differing:
        raise NotAllowed(
            f"There is already a campaign «{values.name}», and it differs in "
            f"{', '.join(differing)}. Give this one a name of its own: --name NAME."
        )
    limits = values.limits
    if (row["max_channels"], row["max_cps"]) != (limits.max_channels, limits.max_cps):
        note(
            f"The limits in force stay: {figure(row['max_channels'])} calls, "
            f"{row['max_cps']:g} calls/s. Change them with «portevoix campaign limits»."
        )
    if values.budget is not None and row["budget"] != to_micros(values.budget):
        note("The budget in force stays. Change it with «portevoix budget set».")


def _check_same_script(
    workspace: Workspace,
    controller_id: int,
    row: dict[str, Any],
    values: CampaignFile,
    script: ScriptValues[int] | None,
) -> None:
    """Refuse a script that says otherwise, but for a text that was reworded since it was spoken."""
    made = None
    if script is not None:
        asked = prepare_script(workspace, controller_id, script, values, rehearsal=row["rehearsal"])
        made = script_to_plain(asked)
    if _but_wording(made) != _but_wording(row["script"]):
        raise NotAllowed(
            f"There is already a campaign «{values.name}», and it differs in script. "
            "Give this one a name of its own: --name NAME."
        )


def _but_wording(plain: dict[str, Any] | None) -> dict[str, Any] | None:
    if not plain or not plain["consent"]:
        return plain
    return {**plain, "consent": {**plain["consent"], "wording": None}}


def _is_same_selection(
    row: dict[str, Any], values: CampaignValues, variants: list[Recorded]
) -> bool:
    """Whether the same people hear the same, but for the table asked, which may be newer now."""
    written = written_selection(values, [one.values for one in variants])
    recorded = {name: one["recordings"] for name, one in row["variants"].items()}
    return _asked(row["selection"]) == _asked(written) and recorded == {
        one.values.name: list(one.recording_ids) for one in variants
    }


def _asked(selection: dict[str, Any] | None) -> dict[str, Any]:
    return {name: (selection or {}).get(name) for name in ("segment", "variants", "others")}


def _written(values: CampaignValues) -> dict[str, Any]:
    """What a file says, as columns of the campaign prepared from it."""
    return {
        "purpose": canonical(values.purpose),
        "trunk": values.trunk,
        "other_trunks": values.other_trunks,
        "caller_id": parse(values.caller_id).e164,
        "ring_timeout_s": values.ring_timeout_s,
        "retry": policies.retry_to_plain(values.retry.policy()),
        "start_at": values.schedule.start_at,
        "end_at": values.schedule.end_at,
        "finish_by": values.schedule.finish_by,
        "weight": values.weight,
        "two_persons": values.launch.two_persons,
        "signatory": values.signatory or None,
        "blackouts": policies.blackouts_to_plain(values.schedule.all_blackouts()),
    }


def _by_rules(values: CampaignValues, pack: Pack, *, rehearsal: bool) -> dict[str, Any]:
    """What a file and the rules in force say together."""
    return {
        "pack": pack.label,
        "windows": policies.windows_to_plain(_windows(values, pack)),
        "holidays": values.schedule.kept_holidays(pack),
        **watched(values.launch, pack, rehearsal=rehearsal),
    }


def _windows(values: CampaignValues, pack: Pack) -> Sequence[Window]:
    if values.schedule.any_hour:
        return windows.ALWAYS
    if not values.schedule.hours:
        return pack.windows
    own = [packs.read_window(one.model_dump()) for one in values.schedule.hours]
    return windows.intersect(pack.windows, own)
