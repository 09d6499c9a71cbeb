"""What is decided about a trunk, and by whom."""

import pytest
from sqlalchemy import select

from campaigns.errors import InvalidInput
from operations import trunks as decided
from operations.workspace import Workspace
from store import trunks
from store.engine import reading
from store.tables import audit_event
from store.trunks import TrunkRecord


def kept(workspace: Workspace) -> TrunkRecord:
    with reading(workspace.engine) as connection:
        return trunks.all_of(connection).get("carrier", TrunkRecord("carrier"))


def test_each_decision_holds_and_is_on_record(workspace: Workspace) -> None:
    decided.arm(workspace, "carrier", "Zoé")
    decided.limit(workspace, "carrier", None, 5, "Léa")
    assert (kept(workspace).armed_by, kept(workspace).max_cps) == ("Zoé", 5)
    decided.disarm(workspace, "carrier", "Léa")
    assert (kept(workspace).armed_by, kept(workspace).max_cps) == (None, 5)
    with reading(workspace.engine) as connection:
        acts = connection.execute(select(audit_event.c.actor, audit_event.c.act)).all()
    assert [tuple(act) for act in acts] == [
        ("Zoé", "trunk.arm"),
        ("Léa", "trunk.limit"),
        ("Léa", "trunk.disarm"),
    ]


@pytest.mark.parametrize("nobody", ["", "  "])
def test_nobody_is_no_name_to_arm_it_by(workspace: Workspace, nobody: str) -> None:
    with pytest.raises(InvalidInput, match="names nobody"):
        decided.arm(workspace, "carrier", nobody)
    assert kept(workspace).armed_by is None


def test_a_trunk_that_does_not_exist(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="no trunk «nowhere»"):
        decided.arm(workspace, "nowhere", "Zoé")
    with pytest.raises(InvalidInput, match="no trunk «nowhere»"):
        decided.disarm(workspace, "nowhere", "Zoé")
    with pytest.raises(InvalidInput, match="no trunk «nowhere»"):
        decided.limit(workspace, "nowhere", 1, 1, "Zoé")
