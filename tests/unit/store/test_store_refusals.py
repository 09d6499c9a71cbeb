"""The last look before a call agrees with what the claim asks."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from store_subjects import NOW, number

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import StoreUnavailable
from store import suppressions
from store.engine import reading, writing
from store.refusals import Asked, Refusals
from store.tables import suppression

scopes = st.sampled_from(SuppressionScope)
rows = st.builds(
    lambda index, scope, owner, hours: Suppression(
        number(index), scope, 0 if scope is SuppressionScope.OPERATOR else owner,
        SuppressionReason.MANUAL, "test", NOW,
        expires_at=None if hours is None else NOW + timedelta(hours=hours),
    ),
    st.integers(0, 2), scopes, st.integers(1, 2), st.one_of(st.none(), st.integers(-2, 2)),
)  # fmt: skip


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(rows, max_size=5))
def test_it_is_what_the_claim_would_find(store: Engine, found: list[Suppression]) -> None:
    with writing(store) as connection:
        connection.execute(delete(suppression))
        suppressions.add(connection, found)
    refusals = Refusals(store)
    numbers = [number(index) for index in range(3)]
    for controller, campaign in product((1, 2), (1, 2)):
        with reading(store) as connection:
            expected = suppressions.in_force(connection, numbers, controller, campaign, NOW)
        asked = [Asked(one, controller, campaign) for one in numbers]
        assert {one.number for one in refusals.among(asked, NOW)} == expected
    refusals.close()


ASKED = Asked(number(1), 1, 1)


def test_what_is_committed_meanwhile_is_seen(store: Engine) -> None:
    refusals = Refusals(store)
    assert not refusals.among([ASKED], NOW)
    with writing(store) as connection:
        row = Suppression(number(1), SuppressionScope.CONTROLLER, 1, SuppressionReason.KEY, "", NOW)
        suppressions.add(connection, [row])
    assert refusals.among([ASKED], NOW)
    refusals.close()


def test_a_database_that_cannot_be_read_is_told_and_looked_at_again(postgres_store: Engine) -> None:
    refusals = Refusals(postgres_store)
    assert not refusals.among([ASKED], NOW)
    assert refusals._connection is not None
    raw = refusals._connection.driver_connection
    assert raw is not None
    raw.close()
    with pytest.raises(StoreUnavailable):
        refusals.among([ASKED], NOW)
    assert not refusals.among([ASKED], NOW)
    refusals.close()
