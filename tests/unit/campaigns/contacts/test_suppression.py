"""A suppression belongs to somebody and ends when it says."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import InvalidInput

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def suppression(
    scope: SuppressionScope, owner: int, expires: datetime | None = None
) -> Suppression:
    return Suppression("+33639980001", scope, owner, SuppressionReason.KEY, "call", NOW, expires)


def test_it_holds_for_ever_or_until_its_expiry() -> None:
    assert suppression(SuppressionScope.OPERATOR, 0).in_force(NOW + timedelta(days=36500))
    ending = suppression(SuppressionScope.CONTROLLER, 7, NOW)
    assert ending.in_force(NOW - timedelta(seconds=1))
    assert not ending.in_force(NOW)


@pytest.mark.parametrize(
    ("scope", "owner"),
    [
        (SuppressionScope.OPERATOR, 3),
        (SuppressionScope.CONTROLLER, 0),
        (SuppressionScope.CAMPAIGN, 0),
    ],
)
def test_a_scope_without_its_owner_is_refused(scope: SuppressionScope, owner: int) -> None:
    with pytest.raises(InvalidInput, match="scope"):
        suppression(scope, owner)
