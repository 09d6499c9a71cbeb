"""What a campaign is held for, and its release by a named person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaigns.errors import InvalidInput, NotAllowed
from campaigns.rules.pack import Pack
from campaigns.stages import Cause, Measure, as_careful, check_stages
from operations.campaign_file import LaunchValues
from operations.workspace import Workspace
from store import audit, tallies
from store import campaigns as kept
from store.engine import writing


@dataclass(frozen=True, slots=True)
class Held:
    """Why a campaign waits for a person.

    Attributes:
        measure: what exceeded its bound, or another cause.
        share: of the calls it was measured on, 0 to 1; 0 where it is another cause.
        bound: the highest share allowed; likewise.
        calls: how many it was measured on; likewise.
        at: since when; after a restore, from when on calls may be missing in the record.
    """

    measure: Measure | Cause
    share: float
    bound: float
    calls: int
    at: datetime


def held(row: Mapping[str, Any]) -> Held | None:
    """The hold of a campaign's row; None where it may go on."""
    plain = row["hold"]
    if not plain:
        return None
    at = datetime.fromisoformat(plain["at"])
    causes: set[str] = set(Cause)
    cause = Cause if plain["measure"] in causes else Measure
    return Held(cause(plain["measure"]), plain["share"], plain["bound"], plain["calls"], at)


def release(workspace: Workspace, controller_id: int, campaign_id: int, by: str) -> None:
    """Let a held campaign go on in a named person's name; measuring begins anew.

    One that was held before it was restored from a backup is held for that again.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidInput: nobody is named.
        NotAllowed: it is not held.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        if not row["hold"]:
            raise NotAllowed("The campaign is not held: there is nothing to release.")
        if before := row["hold"].get("before"):
            kept.hold_as(connection, campaign_id, before)
        else:
            counts = tallies.watched(tallies.of_campaign(connection, campaign_id))
            kept.release(connection, campaign_id, counts, now)
        audit.record(
            connection, now, by.strip(), "campaign.release", f"campaign {campaign_id}",
            controller_id, row["hold"],
        )  # fmt: skip


def watched(values: LaunchValues, pack: Pack, *, rehearsal: bool) -> dict[str, Any]:
    """The stages and bounds of a campaign, as columns of its row.

    Raises:
        InvalidInput: they are laxer than the pack's, or a real campaign is not to be watched.
    """
    if not values.watch and not rehearsal:
        raise InvalidInput(
            "launch.watch",
            "only a rehearsal, which reaches nobody, may run unwatched.",
            "Remove it, or rehearse.",
        )
    usual = list(pack.stages) if values.watch else []
    stages = usual if values.stages is None else values.stages
    check_stages(stages)
    if not rehearsal and not as_careful(stages, pack.stages):
        raise InvalidInput(
            "launch.stages",
            f"they let more people be called before the first looks than {pack.id} does.",
            f"Write at least as many as {usual}, none larger than the one at its place.",
        )
    return {"stages": stages, "bounds": _bounds(values, pack)}


def _bounds(values: LaunchValues, pack: Pack) -> dict[str, float]:
    for measure, share in values.bounds.items():
        if share > pack.bounds.get(measure, 1.0):
            raise InvalidInput(
                f"launch.bounds.{measure}",
                f"{pack.id} holds a campaign at {pack.bounds[measure]:g} already.",
                "A campaign may be held earlier, not later.",
            )
    bounds = {**pack.bounds, **values.bounds} if values.watch else {}
    return {measure.value: share for measure, share in bounds.items()}
