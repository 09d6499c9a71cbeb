"""Consent that a list says was withdrawn: whoever did so is called by nobody of its controller.

A withdrawal is about the controller, not about a file (GDPR art. 7.3): older lists of the same
controller may hold the number too, with a consent that reads as good. So it suppresses the number
for the controller, for ever, besides closing the row's own basis. A row that gives a later consent
must leave the day of withdrawal empty, and the suppression stands all the same: no file lifts one.
A row that is refused, be it for a day of withdrawal that is no date, suppresses its number too.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from operations.contact_rows import ContactValues
from operations.rejects import Reject, RejectedWithdrawal
from store import audit, suppressions


class Withdrawals:
    """Suppresses the people of one list who withdrew.

    Args:
        controller_id: for whom.
        list_id: which list says so.
        by: who imports it.
    """

    def __init__(self, controller_id: int, list_id: int, by: str) -> None:
        self._controller_id = controller_id
        self._list_id = list_id
        self._by = by

    def suppress(self, connection: Connection, rows: Sequence[ContactValues | Reject]) -> None:
        """Suppress those among some rows, in the caller's transaction; also of duplicate rows."""
        now = datetime.now(UTC)
        found = list(self._suppressions(rows, now))
        if not found:
            return
        detail = {"rows": len(found), "new": suppressions.add(connection, found)}
        # No import of refusals: it says nothing of who refused elsewhere since.
        audit.record(
            connection, now, self._by, "suppression.withdraw", f"list {self._list_id}",
            self._controller_id, detail,
        )  # fmt: skip

    def _suppressions(
        self, rows: Sequence[ContactValues | Reject], now: datetime
    ) -> Iterator[Suppression]:
        for row in rows:
            if isinstance(row, ContactValues):
                if row.withdrawn_on is not None:
                    yield self._suppression(row, f"consent withdrawn on {row.withdrawn_on}", now)
            elif isinstance(row, RejectedWithdrawal):
                yield self._suppression(row, f"consent withdrawn; row refused: {row.code}", now)

    def _suppression(
        self, row: ContactValues | RejectedWithdrawal, said: str, now: datetime
    ) -> Suppression:
        return Suppression(
            number=row.number,
            scope=SuppressionScope.CONTROLLER,
            owner_id=self._controller_id,
            reason=SuppressionReason.FILE,
            source=f"list {self._list_id}, line {row.line}: {said}",
            created_at=now,
        )
