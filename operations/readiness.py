"""How many of a list, or of a campaign's people, may be called, and what to ask for the others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.contacts.basis import BasisKind
from campaigns.readiness import ListReadiness, Readiness, reasons_of
from campaigns.rules.gates import Demand
from operations import packs
from operations.workspace import Workspace
from store import campaigns as kept
from store import lists, readiness, tallies
from store.engine import reading


def of_lists(
    workspace: Workspace, controller_id: int, list_ids: Sequence[int], pack_id: str, purpose: str
) -> Readiness:
    """Who of some lists may be called for a purpose, before any campaign is prepared.

    Raises:
        NotFound: the controller does not have one of the lists.
        InvalidInput: there is no such pack.
    """
    ids = list(dict.fromkeys(list_ids))
    with reading(workspace.engine) as connection:
        for one in ids:
            lists.one(connection, controller_id, one)  # before anything else is told
    pack = packs.load(pack_id, workspace.settings.rules_directory)
    demand = Demand(purpose, pack.evidence, pack.max_attempts, rehearsal=False, bases=pack.bases)
    with reading(workspace.engine) as connection:
        found = tuple(_list(connection, controller_id, one, demand) for one in ids)
    return Readiness(purpose, pack.label, pack.evidence, found)


def of_campaign(
    workspace: Workspace, controller_id: int, campaign_id: int, *, rehearsal: bool
) -> Readiness:
    """Who of the lists of a campaign may be called in it.

    Args:
        workspace: where.
        controller_id: whose.
        campaign_id: which.
        rehearsal: its trunks reach nobody, so that numbers of fiction may be called.

    Raises:
        NotFound: the controller has no such campaign.
    """
    with reading(workspace.engine) as connection:
        kept.row(connection, controller_id, campaign_id)
        campaign = kept.by_id(connection, campaign_id)
        most = campaign.retry.max_attempts
        demand = Demand(
            campaign.purpose, campaign.evidence, most, rehearsal=rehearsal, bases=campaign.bases
        )
        ids = kept.lists_of(connection, campaign_id)
        found = tuple(_list(connection, controller_id, one, demand, campaign_id) for one in ids)
        states = tallies.of_campaign(connection, campaign_id)[tallies.STATE]
    shared = max(0, sum(one.contacts for one in found) - sum(states.values()))
    return Readiness(campaign.purpose, campaign.pack, campaign.evidence, found, shared)


def _list(
    connection: Connection, controller_id: int, list_id: int, demand: Demand, campaign_id: int = 0
) -> ListReadiness:
    row: dict[str, Any] = lists.one(connection, controller_id, list_id)
    now = datetime.now(UTC)
    groups = readiness.groups(connection, controller_id, list_id, now, campaign_id)
    purposes, basis = tuple(row["purposes"]), BasisKind(row["basis"])
    return ListReadiness(
        list_id=list_id,
        name=row["name"],
        supplier=row["supplier"],
        purposes=purposes,
        contacts=sum(one.count for one in groups),
        reasons=reasons_of(groups, purposes, demand, basis),
        refused=lists.reject_counts(connection, list_id),
        basis=basis,
    )
