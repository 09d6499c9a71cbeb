"""What was launched, as it stood then: hashes of everything, who, when, and what was looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.check import Check
from campaigns.errors import NotFound
from operations.preflight import Preflight
from operations.workspace import Workspace
from store import campaigns as kept
from store import controllers, launch_records, lists, recordings
from store.engine import reading

_DECIDED = (
    "name", "purpose", "pack", "evidence", "trunk", "other_trunks", "caller_id", "rehearsal",
    "message_ms", "variants", "machines", "script", "selection", "max_channels", "max_cps",
    "ring_timeout_s", "windows", "retry", "weight",
    "stages", "bounds", "blackouts", "holidays", "frequency", "verify_by", "acknowledged_by",
    "start_at", "end_at", "finish_by", "budget", "two_persons",
    "bases", "elections", "no_election_by", "signatory", "says",
)  # fmt: skip
"""Columns of a campaign that decide its calls."""


@dataclass(frozen=True, slots=True)
class LaunchRecord:
    """A launch as it was recorded.

    Attributes:
        at: when.
        by: who launched it.
        prepared_by: who prepared it.
        content: hashes of lists, recordings, message and pack; limits and rules; the preflight.
        hash: SHA-256 of the content, which the audit holds too.
        intact: the content still has this hash.
    """

    at: datetime
    by: str
    prepared_by: str
    content: Mapping[str, Any]
    hash: str
    intact: bool


def record_launch(
    connection: Connection,
    workspace: Workspace,
    row: Mapping[str, Any],
    found: Preflight,
    by: str,
    now: datetime,
) -> str:
    """Write the record of a launch within its transaction; its hash."""
    content = _content(connection, workspace, row, found)
    return launch_records.add(connection, row["id"], now, by, row["created_by"], content)


def launch_record(workspace: Workspace, controller_id: int, campaign_id: int) -> LaunchRecord:
    """The record of a campaign's launch.

    Raises:
        NotFound: the controller has no such campaign, or it was not launched.
    """
    with reading(workspace.engine) as connection:
        kept.row(connection, controller_id, campaign_id)
        found = launch_records.of_campaign(connection, campaign_id)
    if found is None:
        raise NotFound(f"Campaign {campaign_id} has no record of a launch.")
    intact = launch_records.hash_of(found["content"]) == found["hash"]
    del found["campaign_id"]
    return LaunchRecord(**found, intact=intact)


def _content(
    connection: Connection, workspace: Workspace, row: Mapping[str, Any], found: Preflight
) -> dict[str, Any]:
    controller_id = row["controller_id"]
    return {
        "campaign": {name: _plain(row[name]) for name in _DECIDED},
        "controller": _controller(controllers.one(connection, controller_id)),
        "lists": [
            _list(lists.one(connection, controller_id, one))
            for one in kept.lists_of(connection, row["id"])
        ],
        "recordings": [_recording(connection, controller_id, one) for one in row["recordings"]],
        "message": {"path": row["message"], "sha256": _message(workspace, row["message"])},
        "variants": {
            name: {"path": one["message"], "sha256": _message(workspace, one["message"])}
            for name, one in row["variants"].items()
        },
        # Of the text it was prepared with; empty where it was before that was kept.
        "pack": {"label": row["pack"], "sha256": row["pack_sha256"] or ""},
        "people": found.readiness.people,
        "callable": found.readiness.callable_people,
        "reasons": [
            {"gate": one.gate.value, "cause": one.cause.value, "count": one.count}
            for one in found.readiness.reasons
        ],
        "preflight": [_check(one) for one in found.checks],
    }


def _controller(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("name", "public_body")}


def _list(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "sha256", "accepted", "rejected")}


def _recording(connection: Connection, controller_id: int, recording_id: int) -> dict[str, Any]:
    try:
        row = recordings.one(connection, controller_id, recording_id)
    except NotFound:
        return {"id": recording_id}
    return {name: row[name] for name in ("id", "name", "sha256", "seconds")}


def _message(workspace: Workspace, base: str) -> dict[str, str]:
    """Hashes of the files that the PBX plays, by codec."""
    try:
        return dict(workspace.library.message(base.rpartition("/")[0]).sha256s)
    except NotFound:
        return {}


def _check(one: Check) -> dict[str, str]:
    return {"subject": one.subject.value, "verdict": one.verdict.value, "said": one.in_english()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
