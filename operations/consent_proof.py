"""What proves a consent given on a form: who asks where a number came from is answered from here.

The burden of proof is the controller's (GDPR art. 7.1; Code de la consommation L.223-1).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from campaigns.contacts.phone import parse
from store import submissions
from store.engine import reading
from store.submissions import ConsentAct


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was done for a number on a form.

    Attributes:
        act: agree or withdraw.
        wording: id of the text; None for a withdrawal.
        text: exactly what was agreed to.
        sha256: of the text, as it was at that moment.
        suppressed: a refusal stood when it was done, so no call follows from it.
    """

    form: str
    name: str
    list_id: int
    act: ConsentAct
    at: datetime
    language: str
    purposes: tuple[str, ...]
    wording: str | None
    text: str | None
    sha256: str | None
    slot: str | None
    suppressed: bool


def proofs(engine: Engine, controller_id: int, number: str) -> list[Proof]:
    """How a controller got a number from its forms: everything done for it, newest first.

    Raises:
        InvalidNumber: it is no number that could be called.
    """
    e164 = parse(number).e164
    with reading(engine) as connection:
        rows = submissions.of_number(connection, controller_id, e164)
    return [_proof(row) for row in rows]


def _proof(row: dict[str, Any]) -> Proof:
    return Proof(
        form=row["slug"],
        name=row["name"],
        list_id=row["list_id"],
        act=ConsentAct(row["act"]),
        at=row["at"],
        language=row["language"],
        purposes=tuple(row["purposes"]),
        wording=f"{row['language']}-{row['version']}" if row["version"] else None,
        text=row["text"],
        sha256=row["sha256"],
        slot=row["slot"],
        suppressed=row["suppressed"],
    )
