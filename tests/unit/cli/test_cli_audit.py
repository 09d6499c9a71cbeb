"""The audit as a shell sees it."""

import json

from cli_subjects import Command
from sqlalchemy import text

from operations.workspace import Workspace


def test_an_audit_that_stands_and_one_that_was_changed(
    portevoix: Command, workspace: Workspace
) -> None:
    portevoix("suppressions", "add", "06 39 98 00 01", "--everybody", "--by", "Zoé")
    portevoix("stop", "--all", "--by", "Zoé")
    right = portevoix("audit", "verify")
    assert (right.exit_code, right.stderr) == (0, "")
    assert "Nothing was changed" in right.stdout
    with workspace.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_event_refuses_update"))
        connection.execute(text("UPDATE audit_event SET actor = 'Max' WHERE act = 'halt.stop'"))
    wrong = portevoix("audit", "verify", "--json")
    assert wrong.exit_code == 1
    assert "segment 2, event 1: it was changed" in wrong.stderr
    assert json.loads(wrong.stdout)["faults"] == 1


def test_the_latest_acts_of_a_controller_and_of_everybody(
    portevoix: Command, workspace: Workspace
) -> None:
    portevoix("key", "make", "site", "--controller", "Comité", "--by", "Ana")
    portevoix("stop", "--all", "--by", "Zoé", "--reason", "le 06 39 98 00 01 se plaint")
    ours = portevoix("audit", "show").stdout
    assert "Ana" in ours
    assert "key.make" in ours
    assert "Zoé" not in ours
    (told,) = portevoix("audit", "show", "--everybody", "--json").stdout.splitlines()
    one = json.loads(told)
    assert (one["actor"], one["act"], one["subject"]) == ("Zoé", "halt.stop", "everything")
    assert one["detail"] == {"reason": "le •• •• 01 se plaint"}
    assert len(portevoix("audit", "show", "--count", "1", "--json").stdout.splitlines()) == 1
