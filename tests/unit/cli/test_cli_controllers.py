"""Controllers at the command line: their weights and their limits."""

from cli_subjects import Command

from operations import controllers
from operations.workspace import Workspace


def test_a_limit_is_set_shown_and_lifted(portevoix: Command, workspace: Workspace) -> None:
    controllers.add(workspace, "Comité", "Zoé")
    limited = ("controller", "limit", "Comité", "--by", "Zoé")
    assert portevoix(*limited, "--max-channels", "20", "--max-cps", "2.5").exit_code == 0
    shown = portevoix("controller", "list").stdout.split()
    assert shown[shown.index("Comité") :][1:4] == ["1", "20", "2.5"]
    assert portevoix(*limited, "--max-channels", "0").exit_code == 0
    shown = portevoix("controller", "list").stdout.split()
    assert shown[shown.index("Comité") :][1:4] == ["1", "–", "2.5"]


def test_a_limit_of_nothing_or_for_nobody_is_refused(
    portevoix: Command, workspace: Workspace
) -> None:
    controllers.add(workspace, "Comité", "Zoé")
    for words, said in (
        (("Comité",), "no limit is named"),
        (("Nobody", "--max-cps", "2"), "«Nobody»"),
        (("Comité", "--max-cps", "0.001"), "calls per second"),
    ):
        done = portevoix("controller", "limit", *words, "--by", "Zoé")
        assert done.exit_code != 0
        assert said in " ".join(done.stderr.split())
