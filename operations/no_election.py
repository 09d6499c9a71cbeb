"""A named person's word that there is no election while a campaign runs."""

from datetime import UTC, datetime

from campaigns.access import is_key
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.states import CampaignState
from operations.workspace import Workspace
from store import audit
from store import campaigns as kept
from store.engine import writing


def check_person(field: str, name: str) -> str:
    """The name of a person who answers for something.

    Raises:
        InvalidInput: it is nobody's, or a key's.
    """
    if not name.strip():
        raise InvalidInput(field, "it names nobody.", "Name the person who answers for it.")
    if is_key(name):
        raise InvalidInput(field, f"«{name}» is no person.", "Name the person who answers for it.")
    return name.strip()


def attest_no_election(
    workspace: Workspace, controller_id: int, campaign_id: int, person: str, by: str
) -> None:
    """Note that somebody answers for there being no election while a campaign runs.

    Args:
        workspace: where.
        controller_id: whose.
        campaign_id: which; not launched yet.
        person: who answers for it.
        by: who says so; the person, or a program they use.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidInput: nobody is named.
        NotAllowed: it names elections, was launched, or somebody has said so.
    """
    named = check_person("by", person)
    with writing(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        if not may_be_attested(row["state"], row["elections"], row["no_election_by"]):
            raise NotAllowed("Nobody needs to say of this campaign that there is no election.")
        kept.attest_no_election(connection, campaign_id, named)
        audit.record(
            connection,
            datetime.now(UTC),
            by,
            "campaign.no_election",
            f"campaign {campaign_id}",
            controller_id,
            {"by": named},
        )


def may_be_attested(
    state: str, elections: list[dict[str, str]], no_election_by: str | None
) -> bool:
    """Whether it would change anything."""
    return state == CampaignState.DRAFT and not elections and not no_election_by
