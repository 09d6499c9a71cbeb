"""A controller's public page, as a shell sees it."""

import json

from cli_subjects import Command

from operations import controllers
from operations.workspace import Workspace


def test_a_page_is_published_shown_and_withdrawn(portevoix: Command, workspace: Workspace) -> None:
    controllers.add(workspace, "Élan Valbourg", "test")
    assert "No page yet" in portevoix("public-page", "list").stderr
    assert portevoix("public-page", "withdraw").exit_code == 1
    done = portevoix("public-page", "publish", "--by", "Zoé")
    assert done.stdout == "Everybody may see /people/elan-valbourg.\n"
    (found,) = json.loads(portevoix("public-page", "list", "--json").stdout)
    assert (found["slug"], found["changed_by"]) == ("elan-valbourg", "Zoé")
    assert "Nobody" in portevoix("public-page", "withdraw").stdout
    assert "withdrawn" in portevoix("public-page", "list").stdout


def test_whose_page_it_is_is_not_guessed(portevoix: Command, workspace: Workspace) -> None:
    for name in ("Comité", "Un autre"):
        controllers.add(workspace, name, "test")
    assert "there are several" in portevoix("public-page", "publish").stderr
    assert portevoix("public-page", "publish", "--controller", "Un autre").exit_code == 0
