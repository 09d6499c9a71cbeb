"""Holding a campaign's record against the ledger of the simulated network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from campaigns.outcome import Outcome
from campaigns.reply import Reply, ReplyKind
from campaigns.script import KeyAct, Script, script_of
from campaigns.states import TERMINAL_TARGET, AttemptState, TargetState
from operations.report import all_attempts
from operations.workspace import Workspace
from rehearsal.checker import Limits, TargetRecord, Verdict, check
from rehearsal.expectation import Announced
from rehearsal.ledger import LedgerCall, read
from rehearsal.matching import AttemptRecord
from rehearsal.numbering import e164
from store import campaigns as kept
from store import replies, suppressions, targets
from store.engine import reading

PAGE = 5000


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both records of one campaign; see `rehearsal.checker.check`."""

    calls: list[LedgerCall]
    attempts: list[AttemptRecord]
    targets: list[TargetRecord]
    limits: Limits
    suppressed_numbers: dict[str, datetime]
    announced: Announced

    def verdict(self) -> Verdict:
        """Compare them."""
        return check(**{one.name: getattr(self, one.name) for one in fields(self)})


def judge(workspace: Workspace, controller_id: int, campaign_id: int, ledger: Path) -> Verdict:
    """Compare what we say of a campaign with what the network saw of it.

    Args:
        workspace: where our record is.
        controller_id: whose campaign.
        campaign_id: which one; every call in the ledger since its launch must be its own.
        ledger: the network's file.
    """
    return evidence(workspace, controller_id, campaign_id, ledger).verdict()


def evidence(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int,
    ledger: Path,
    *,
    begun_only: bool = False,
) -> Evidence:
    """What `judge` compares.

    Args:
        workspace: where our record is.
        controller_id: whose campaign.
        campaign_id: which one.
        ledger: the network's file.
        begun_only: without people for whom no call was begun.
    """
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        suppressed = suppressions.of_controller(connection, controller_id)
    script = script_of(row["script"]) if row["script"] else Script()
    seconds = {name: one["message_ms"] / 1000 for name, one in row["variants"].items()}
    attempts = [
        replace(one, message_seconds=seconds.get(variant))
        for one, variant in _attempts(workspace, controller_id, campaign_id)
    ]
    return Evidence(
        calls=_to_people(calls_since(ledger, row["launched_at"]), script),
        attempts=attempts,
        targets=list(_targets(workspace, campaign_id, targets.TargetFilter(begun=begun_only))),
        limits=Limits(row["max_channels"], int(row["max_cps"])),
        suppressed_numbers=suppressed,
        announced=Announced(
            row["message_ms"] / 1000,
            row["ring_timeout_s"],
            machines=row["machines"] is not None,
            transfer_digit=_transfer_key(script),
        ),
    )


def _to_people(calls: list[LedgerCall], script: Script) -> list[LedgerCall]:
    """Without the far legs of transfers, which are nobody's attempt."""
    if script.transfer is None:
        return calls
    agents = e164(script.transfer.number)
    return [call for call in calls if e164(call.number) != agents]


def _transfer_key(script: Script) -> str | None:
    return next((key for key, act in script.keys.items() if act is KeyAct.TRANSFER), None)


def calls_since(ledger: Path, begun: datetime | None) -> list[LedgerCall]:
    """What the network saw since a campaign was launched."""
    first = begun.timestamp() if begun else 0.0
    return [call for call in read(ledger) if call.invite_at >= first]


def _attempts(
    workspace: Workspace, controller_id: int, campaign_id: int
) -> Iterator[tuple[AttemptRecord, str | None]]:
    """Every attempt with its variant."""
    rows = all_attempts(workspace, controller_id, campaign_id)
    while some := list(islice(rows, PAGE)):
        with reading(workspace.engine) as connection:
            said = replies.of_attempts(connection, [one["id"] for one in some])
        for one in some:
            keyed = [each for each in said[one["id"]] if each.kind is not ReplyKind.TRANSFER]
            yield _attempt(one, keyed), one["variant"]


def _attempt(row: dict[str, Any], said: Sequence[Reply]) -> AttemptRecord:
    return AttemptRecord(
        attempt_id=row["id"],
        target_id=str(row["target_id"]),
        number=row["number"],
        sip_call_id=row["sip_call_id"] or None,
        outcome=row["outcome"] or _doubt(row["state"]),
        state=row["state"],
        sent_at=row["sent_at"],
        replies=tuple((one.value, one.at.timestamp()) for one in said),
    )


def _doubt(state: str) -> str | None:
    return Outcome.IN_DOUBT if state == AttemptState.IN_DOUBT else None


def _targets(
    workspace: Workspace, campaign_id: int, asked: targets.TargetFilter
) -> Iterator[TargetRecord]:
    after = 0
    while True:
        with reading(workspace.engine) as connection:
            page = targets.page(connection, campaign_id, after, PAGE, asked)
        if not page:
            return
        yield from (_target(row) for row in page)
        after = page[-1]["id"]


def _target(row: dict[str, Any]) -> TargetRecord:
    return TargetRecord(
        target_id=str(row["id"]),
        number=row["number"],
        state=row["state"],
        terminal=TargetState(row["state"]) in TERMINAL_TARGET,
        attempts=row["attempts"] + row["tries"],
    )
