"""Moving to PostgreSQL as a shell sees it."""

from pathlib import Path

from cli_subjects import Command
from postgres import Postgres
from sqlalchemy import make_url

from operations.settings import FILE_NAME
from operations.workspace import Workspace


def test_after_a_move_the_line_it_shows_is_all_there_is_to_do(
    portevoix: Command, workspace: Workspace, campaign_file: Path, postgres: Postgres, home: Path
) -> None:
    assert portevoix("campaign", "prepare", str(campaign_file)).exit_code == 0
    workspace.engine.dispose()
    with postgres.empty() as to:
        done = portevoix("database", "move", to, "--by", "Ana")
        assert done.exit_code == 0, done.stderr
        (line,) = (one for one in done.stdout.splitlines() if one.startswith("database_url"))
        (home / FILE_NAME).write_text(f"{line}\n")
        (home / "portevoix.db").unlink()
        assert "0 of 2 people done" in portevoix("campaign", "show", "1").stdout
        assert "database.move" in portevoix("audit", "show", "--everybody").stdout
        assert portevoix("audit", "verify").exit_code == 0
        again = portevoix("database", "move", to, "--by", "Ana")
        assert (again.exit_code, again.stderr.count("\n")) == (1, 1)


def test_it_shows_no_password(portevoix: Command, workspace: Workspace, postgres: Postgres) -> None:
    workspace.engine.dispose()
    with postgres.empty() as to:
        url = make_url(to)
        url = url.set(password=url.password or "geheim")
        done = portevoix("database", "move", url.render_as_string(hide_password=False))
    assert done.exit_code == 0, done.stderr
    assert str(url.password) not in done.stdout + done.stderr
    assert ":***@" in done.stdout
    assert "password in place of ***" in done.stderr
