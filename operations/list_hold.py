"""Lists that look generated: held when they are imported, released by a named person.

A rehearsal may call them, as it reaches nobody: benchmarks and trials are made of such lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from campaigns.contacts.generated import Sign, Suspicion
from campaigns.errors import InvalidInput, NotAllowed
from store import audit, lists
from store.engine import writing


def plain_hold(found: Suspicion | None) -> dict[str, Any] | None:
    """A suspicion as it is kept with a list."""
    return asdict(found) if found else None


def suspected(row: Mapping[str, Any]) -> Suspicion | None:
    """Why a list looks generated; None where it does not."""
    plain = row["hold"]
    return Suspicion(Sign(plain["sign"]), plain["numbers"], plain["step"]) if plain else None


def said(row: Mapping[str, Any]) -> str:
    """Why a list is held, in a few words; empty where it is not, or no longer."""
    found = suspected(row)
    return found.said if found and row["released_by"] is None else ""


def check_released(
    connection: Connection, controller_id: int, list_ids: Sequence[int], *, rehearsal: bool
) -> None:
    """Refuse lists that are held, where people would be called.

    Raises:
        InvalidInput: one is.
        NotFound: the controller does not have one of them.
    """
    if rehearsal:
        return
    for list_id in list_ids:
        one = lists.one(connection, controller_id, list_id)
        if why := said(one):
            raise InvalidInput(
                "lists",
                f"«{one['name']}» looks made up by a program: {why}.",
                "Where they are people's all the same, a named person may answer for it: "
                f'portevoix contacts release {list_id} --by NAME --reason "...".',
            )


def release_list(engine: Engine, controller_id: int, list_id: int, by: str, reason: str) -> None:
    """Let a list be called that looks generated, in a named person's name and for a reason.

    Raises:
        NotFound: the controller has no such list.
        InvalidInput: nobody is named, or no reason.
        NotAllowed: it is not held.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    if not reason.strip():
        raise InvalidInput("reason", "it is empty.", "Say how the numbers came to be so.")
    now = datetime.now(UTC)
    with writing(engine) as connection:
        row = lists.one(connection, controller_id, list_id)
        if not said(row):
            raise NotAllowed("The list is not held: there is nothing to release.")
        lists.release(connection, list_id, by, reason, now)
        detail = {"hold": row["hold"], "reason": reason}
        audit.record(connection, now, by, "list.release", f"list {list_id}", controller_id, detail)
