"""Controllers, lists, contacts and campaigns to test on, put into a database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from campaigns.campaign import Campaign
from campaigns.contacts.basis import BasisKind, Evidence, Provenance
from campaigns.contacts.terms import UNSAID, Terms
from campaigns.retry import RetryPolicy
from campaigns.rules.windows import ALWAYS, Window
from campaigns.states import Action, CampaignState
from operations.contact_rows import term_values
from store import campaigns as kept
from store import controllers, lists, policies, tallies, targets
from store.engine import reading, writing
from store.tables import attempt, contact, number_lock, target

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
PARIS = "Europe/Paris"
CALLER_ID = "+33199001234"
TRUNK = "rehearsal"


def number(index: int) -> str:
    """A fictional mobile number."""
    return f"+3363998{index:04d}"


class World:
    """Everything a dialer works on, made by few words."""

    def __init__(self, engine: Engine, now: datetime = NOW) -> None:
        self.engine = engine
        self.now = now
        self._names = 0

    def controller(self, name: str = "Comité") -> int:
        with writing(self.engine) as connection:
            return controllers.ensure(connection, name, self.now)

    def contacts(
        self,
        controller_id: int,
        numbers: Sequence[str],
        purposes: Sequence[str] = ("political",),
        evidence: Evidence = Evidence.ROW,
        zones: str = PARIS,
        fictional: bool = True,
        terms: Terms = UNSAID,
        consented_on: date | None = None,
        basis: BasisKind = BasisKind.CONSENT,
    ) -> int:
        self._names += 1
        provenance = Provenance(
            "Comité", "form", self.now.date(), tuple(purposes), {"w": "Oui."}, basis
        )
        with writing(self.engine) as connection:
            list_id = lists.create(
                connection, controller_id, f"list {self._names}", "f.csv", f"{self._names:064d}",
                provenance, "test", self.now,
            )  # fmt: skip
            rows = [
                {
                    "list_id": list_id, "line": line, "number": one, "kind": "mobile",
                    "zones": zones, "fictional": fictional, "attributes": {},
                    "evidence": evidence.value, "consented_on": consented_on, **term_values(terms),
                }
                for line, one in enumerate(numbers, start=2)
            ]  # fmt: skip
            if rows:
                connection.execute(insert(contact), rows)
            lists.finish(connection, list_id)
        return list_id

    def campaign(
        self,
        controller_id: int,
        list_ids: Sequence[int] = (),
        state: CampaignState = CampaignState.RUNNING,
        retry: RetryPolicy | None = None,
        windows: Sequence[Window] = ALWAYS,
        **changes: Any,
    ) -> Campaign:
        self._names += 1
        values: dict[str, Any] = {
            "controller_id": controller_id,
            "name": f"campaign {self._names}",
            "purpose": "political",
            "state": state.value,
            "pack": "fr-political@2026.11.21",
            "evidence": Evidence.ROW.value,
            "trunk": TRUNK,
            "caller_id": CALLER_ID,
            "rehearsal": True,
            "recordings": [1],
            "message": "messages/abcd",
            "message_ms": 2000,
            "max_channels": 30,
            "max_cps": 20.0,
            "ring_timeout_s": 15,
            "windows": policies.windows_to_plain(windows),
            "retry": policies.retry_to_plain(retry or RetryPolicy()),
            "created_at": self.now,
            "created_by": "test",
            "launched_at": self.now,
        }
        with writing(self.engine) as connection:
            campaign_id = kept.add(connection, **{**values, **changes})
            if list_ids:
                kept.add_lists(connection, campaign_id, list_ids)
            for list_id in list_ids:
                after: int | None = 0
                while after is not None:
                    after = targets.fill(connection, campaign_id, list_id, after, 100, self.now)
            return kept.by_id(connection, campaign_id)

    def called(self, count: int, **changes: Any) -> Campaign:
        """A running campaign of one controller that calls so many numbers."""
        controller_id = self.controller()
        list_id = self.contacts(controller_id, [number(index) for index in range(count)])
        return self.campaign(controller_id, [list_id], **changes)

    def act(self, campaign_id: int, action: Action) -> CampaignState:
        with writing(self.engine) as connection:
            return kept.act(connection, campaign_id, action, self.now)[1]

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def targets(self, campaign_id: int) -> list[dict[str, Any]]:
        with reading(self.engine) as connection:
            return targets.page(connection, campaign_id, 0, 10_000)

    def states(self, campaign_id: int) -> dict[str, int]:
        with reading(self.engine) as connection:
            return targets.counted(connection, campaign_id)

    def locks(self) -> dict[str, str]:
        with reading(self.engine) as connection:
            rows = connection.execute(select(number_lock.c.number, number_lock.c.attempt_id))
            return dict(rows.all())

    def attempts(self) -> dict[str, dict[str, Any]]:
        with reading(self.engine) as connection:
            rows = connection.execute(select(attempt)).mappings()
            return {row["id"]: dict(row) for row in rows}

    def check(self) -> None:
        """What must be true at every moment: states add up, and one call at most to a number."""
        with reading(self.engine) as connection:
            check_sums(connection)


def check_sums(connection: Connection) -> None:
    """Tallies are the counted rows, and locks are the open attempts, one for a number."""
    for campaign_id in connection.execute(select(target.c.campaign_id).distinct()).scalars():
        counts = tallies.of_campaign(connection, campaign_id)
        counted = targets.counted(connection, campaign_id)
        assert counts[tallies.STATE] == counted
        assert counts[tallies.OUTCOME] == _grouped(connection, campaign_id, attempt.c.outcome)
        in_doubt = _count(connection, campaign_id, "in_doubt")
        assert counted.get("in_doubt", 0) == in_doubt
        assert counted.get("calling", 0) == _count(connection, campaign_id, "claimed")
        assert counts[tallies.BEGUN].get(tallies.PEOPLE, 0) == _begun(connection, campaign_id)
    open_ = connection.execute(
        select(attempt.c.number, attempt.c.id).where(attempt.c.state.in_(["claimed", "in_doubt"]))
    )
    locks = connection.execute(select(number_lock.c.number, number_lock.c.attempt_id))
    assert sorted(map(tuple, open_)) == sorted(map(tuple, locks))


def _grouped(connection: Connection, campaign_id: int, column: Any) -> dict[str, int]:
    rows = connection.execute(
        select(column, func.count())
        .where(attempt.c.campaign_id == campaign_id, column.is_not(None))
        .group_by(column)
    )
    return dict(rows.all())


def _begun(connection: Connection, campaign_id: int) -> int:
    """People of whom some attempt was not given back unsent."""
    return connection.execute(
        select(func.count(attempt.c.target_id.distinct())).where(
            attempt.c.campaign_id == campaign_id, attempt.c.state != "unsent"
        )
    ).scalar_one()


def _count(connection: Connection, campaign_id: int, state: str) -> int:
    return connection.execute(
        select(func.count()).where(attempt.c.campaign_id == campaign_id, attempt.c.state == state)
    ).scalar_one()
