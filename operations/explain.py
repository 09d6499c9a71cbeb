"""Why a number is, or is not, being called: the exact gate, campaign by campaign."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.contacts.phone import parse
from campaigns.contacts.terms import kept_terms, with_others
from campaigns.rules import consent, gates, hours
from campaigns.rules.gates import Gate
from campaigns.states import CampaignState, TargetState
from operations.workspace import Workspace
from store import attempts, frequency, halts, leases, lists, suppressions, tallies, targets
from store import campaigns as kept
from store.engine import reading

NO_CAMPAIGN = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """One campaign's answer.

    Attributes:
        campaign_id: the campaign; None where the number is in no campaign.
        state: where the target stands.
        gate: what keeps it from being called now; None where nothing does.
        opens_at: when that gate opens by itself, where it is known.
        outcome: how its last attempt ended.
        variant: whose message it hears; None for the campaign's own.
    """

    number: str
    campaign_id: int | None
    campaign: str
    state: TargetState | None
    gate: Gate | None
    opens_at: datetime | None = None
    outcome: str | None = None
    list_id: int | None = None
    line: int | None = None
    variant: str | None = None


def why(workspace: Workspace, controller_id: int, text: str) -> list[Explanation]:
    """Explain a number, in every campaign of the controller it is in.

    Raises:
        InvalidInput: the text is no callable number; the reason says why.
    """
    number = parse(text).e164
    now = datetime.now(UTC)
    with reading(workspace.engine) as connection:
        dialer = leases.holder(connection, now)
        found = targets.of_number(connection, controller_id, number)
        if not found:
            return _nowhere(connection, controller_id, number, now)
        return [_explain(connection, one, dialer, now) for one in found]


def _nowhere(
    connection: Connection, controller_id: int, number: str, now: datetime
) -> list[Explanation]:
    """A number in no campaign: one that is suppressed would be called by none."""
    if not suppressions.in_force(connection, [number], controller_id, NO_CAMPAIGN, now):
        return []
    return [Explanation(number, None, "", None, Gate.SUPPRESSED)]


def _explain(
    connection: Connection, found: dict[str, Any], dialer: dict[str, Any] | None, now: datetime
) -> Explanation:
    campaign = kept.by_id(connection, found["campaign_id"])
    state = TargetState(found["state"])
    gate, opens_at = _gate(connection, found, campaign, dialer, now)
    if gate is Gate.LIVE_CALL_ON_NUMBER:
        gate = gates.as_told(gate, own=not _is_elsewhere(connection, found, campaign))
    if gate is Gate.TEMPORARILY_NOT_CALLABLE:  # the claim writes it so, too
        opens_at = None
    return Explanation(
        number=found["number"],
        campaign_id=campaign.id,
        campaign=campaign.name,
        state=state,
        gate=gate,
        opens_at=opens_at,
        outcome=found["outcome"],
        list_id=found["list_id"],
        line=found["line"],
        variant=found["variant"],
    )


def _is_elsewhere(connection: Connection, found: dict[str, Any], campaign: Campaign) -> bool:
    """Whether the call that is in the way is not this controller's own."""
    number = found["number"]
    calling = attempts.calling_controllers(connection, [number]).get(number)
    return calling != campaign.controller_id


def _gate(
    connection: Connection,
    found: dict[str, Any],
    campaign: Campaign,
    dialer: dict[str, Any] | None,
    now: datetime,
) -> tuple[Gate | None, datetime | None]:
    state = TargetState(found["state"])
    if state is TargetState.REFUSED:
        return Gate(found["gate"]) if found["gate"] else Gate.SUPPRESSED, None
    if state is TargetState.IN_DOUBT:
        return Gate.IN_DOUBT, None
    if state is TargetState.CALLING:
        return Gate.LIVE_CALL_ON_NUMBER, None
    if state is TargetState.CANCELLED:
        return Gate.CAMPAIGN_NOT_RUNNING, None
    if state is not TargetState.PENDING:
        return Gate.ATTEMPTS_USED, None
    return next(_pending_gates(connection, found, campaign, dialer, now), (None, None))


def _pending_gates(
    connection: Connection,
    found: dict[str, Any],
    campaign: Campaign,
    dialer: dict[str, Any] | None,
    now: datetime,
) -> Iterator[tuple[Gate, datetime | None]]:
    """Closed gates of a pending target, in the order in which the dialer meets them."""
    yield from _campaign_gates(connection, found, campaign, now)
    status = dialer or {}
    if not status.get("ready"):
        yield Gate.PBX_UNAVAILABLE, None
    own = status.get("campaigns", {}).get(str(campaign.id), {})
    if own.get("gate"):
        yield Gate(own["gate"]), None
    trunk = status.get("trunks", {}).get(campaign.trunk, {})
    zones = found["zones"].split("|")
    rules = hours.rules_of(campaign)
    closed = gates.closed(rules, zones, now)
    if closed is not None:
        yield closed, hours.next_opening(rules, zones, now)
    if found["due_at"] > now:
        yield Gate(found["gate"] or Gate.RETRY_NOT_DUE), found["due_at"]
    rehearsal = bool(trunk.get("rehearsal"))
    candidate = _candidate(connection, found, campaign, rehearsal=rehearsal, now=now)
    refused = gates.refusal(candidate, _demand(campaign, rehearsal=rehearsal))
    if refused is not None:
        yield refused, gates.opens_at(refused, candidate)
    if status.get("ready"):
        yield Gate.LIMIT_REACHED, None


def _campaign_gates(
    connection: Connection, found: dict[str, Any], campaign: Campaign, now: datetime
) -> Iterator[tuple[Gate, datetime | None]]:
    """Gates that close for a whole campaign, or for all of it but the retries."""
    if campaign.state is CampaignState.DRAFT and campaign.awaits_reading(now.date()):
        yield Gate.PACK_EXPIRED, None
    if campaign.state is not CampaignState.RUNNING or halts.current(connection) is not None:
        yield Gate.CAMPAIGN_NOT_RUNNING, None
    if campaign.hold or _waits_for_stage(connection, found, campaign):
        yield Gate.STAGE_HOLD, None


def _waits_for_stage(connection: Connection, found: dict[str, Any], campaign: Campaign) -> bool:
    """Whether it is never called before the next stage."""
    limit = campaign.stage_limit
    if limit is None or found["retry"]:
        return False
    begun = tallies.of_campaign(connection, campaign.id)[tallies.BEGUN]
    return sum(begun.values()) >= limit


def _candidate(
    connection: Connection,
    found: dict[str, Any],
    campaign: Campaign,
    *,
    rehearsal: bool,
    now: datetime,
) -> gates.Candidate:
    number, zones = [found["number"]], found["zones"].split("|")
    own = kept_terms(found["slot"], found["consent_expires_on"], found["withdrawn_on"])
    terms = with_others(own, found["other_slots"], found["other_expires_on"])
    of = lists.one(connection, campaign.controller_id, found["list_id"])
    return gates.Candidate(
        attempts=found["attempts"],
        purposes=tuple(of["purposes"]),
        evidence=Evidence(found["evidence"]),
        fictional=found["fictional"],
        suppressed=bool(
            suppressions.in_force(connection, number, campaign.controller_id, campaign.id, now)
        ),
        live_call=bool(attempts.locked(connection, number)),
        capped_until=frequency.capped(connection, campaign, number, rehearsal, now).get(*number),
        lapsed=consent.lapsed(terms, zones, now),
        slot_closed_until=consent.closed_until(terms, zones, now),
        basis=BasisKind(of["basis"]),
    )


def _demand(campaign: Campaign, *, rehearsal: bool) -> gates.Demand:
    most = campaign.retry.max_attempts
    return gates.Demand(campaign.purpose, campaign.evidence, most, rehearsal, campaign.bases)
