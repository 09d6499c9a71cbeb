"""A controller that holds something of every kind of one number, and another one beside it."""

import io
from datetime import date

from erasing import with_key
from store_subjects import NOW, World, number

from campaigns.campaign import Campaign
from campaigns.contacts.basis import Provenance
from campaigns.contacts.request import RequestKind
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.outcome import Outcome
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import never_placed
from operations.import_list import import_list
from operations.requests import open_request
from operations.suppress import Owner, suppress
from operations.workspace import Workspace
from store import suppression_keys, suppressions
from store.engine import writing
from store.tables import attempt

PERSON, OTHER = number(1), number(2)
WORDING = "J'accepte de recevoir des messages politiques, de 18 h à 20 h."
SECRET = "Secret de l'autre"
"""Stands in whatever another controller holds."""

_CSV = (
    "telephone;date_consentement;source;formulation;nom;id\n"
    f"{PERSON};2026-01-05;site web;w1;Anne;A-17\n"
    f"{OTHER};2026-01-06;salon;w1;Bruno;A-18\n"
    f"{PERSON};2026-01-07;site web;w1;Anne;A-19\n"
)


def imported(world: World, controller_id: int, supplier: str = "Fichiers SA") -> int:
    """A list of both, in which the person stands twice."""
    provenance = Provenance(
        supplier, "formulaire", date(2026, 1, 5), ("political",), {"w1": WORDING}
    )
    report = import_list(
        world.engine, controller_id, io.BytesIO(_CSV.encode()), name=f"Liste {supplier}",
        file_name="liste.csv", provenance=provenance, by="Zoé",
    )  # fmt: skip
    return report.list_id


def called(world: World, campaign: Campaign, outcome: Outcome) -> None:
    """Call everybody who is due in a campaign."""
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 100, True, "n"), world.now).taken
        calls = [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]
        write_closings(connection, [never_placed(call, outcome, world.now) for call in calls])


def full_house(workspace: Workspace) -> int:
    """Fill a database; the id of the controller."""
    engine = workspace.engine
    if suppression_keys.in_use(engine) is None:
        with_key(engine)
    world = World(engine)
    ours, theirs = world.controller(), world.controller("Association")
    campaign = world.campaign(ours, [imported(world, ours)])
    called(world, campaign, Outcome.DELIVERED)
    with writing(engine) as connection:
        connection.execute(
            attempt.update().values(answered_at=NOW, heard_ms=12_400, keys="19", sent_at=NOW)
        )
    suppress(engine, Owner.controller(ours), PERSON, source="lettre du 3 mars", by="Zoé")
    open_request(workspace, ours, RequestKind.ACCESS, PERSON, by="Zoé")
    other = world.campaign(theirs, [imported(world, theirs, SECRET)], name=SECRET)
    called(world, other, Outcome.BUSY)
    row = Suppression(
        PERSON, SuppressionScope.CONTROLLER, theirs, SuppressionReason.FORM, SECRET, NOW
    )
    everybodys = Suppression(
        PERSON, SuppressionScope.OPERATOR, 0, SuppressionReason.FILE, SECRET, NOW
    )
    with writing(engine) as connection:
        suppressions.add(connection, [row, everybodys])
    return ours
