"""A refusal is lifted by a named person, with a reason, and for one owner only."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from campaigns.errors import InvalidInput, NotFound
from operations.lift import lift
from operations.suppress import Owner, listed, suppress
from store import audit, controllers
from store.engine import reading, writing

MOBILE = "06 39 98 00 01"


@pytest.fixture
def owner(store: Engine) -> Owner:
    with writing(store) as connection:
        made = controllers.ensure(connection, "Comité", datetime.now(UTC))
    suppress(store, Owner.controller(made), MOBILE, source="key", by="x")
    suppress(store, Owner.operator(), MOBILE, source="key", by="x")
    return Owner.controller(made)


def test_only_the_named_owners_list_changes_and_it_is_on_record(
    store: Engine, owner: Owner
) -> None:
    lift(store, owner, "+33639980001", why="wrote on 3 May", by="Zoé")
    assert listed(store, owner) == []
    assert len(listed(store, Owner.operator())) == 1
    with reading(store) as connection:
        (event,) = audit.latest(connection, owner.id, 1)
    assert (event["act"], event["actor"]) == ("suppression.lift", "Zoé")
    assert event["detail"] == {"why": "wrote on 3 May"}
    assert "9980001" not in event["subject"]
    with pytest.raises(NotFound):
        lift(store, owner, MOBILE, why="again", by="Zoé")


@pytest.mark.parametrize(("why", "by"), [(" ", "Zoé"), ("wrote", "")])
def test_nobody_lifts_without_a_name_and_a_reason(
    store: Engine, owner: Owner, why: str, by: str
) -> None:
    with pytest.raises(InvalidInput):
        lift(store, owner, MOBILE, why=why, by=by)
    assert len(listed(store, owner)) == 1
