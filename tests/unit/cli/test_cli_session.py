"""Expected failures are one line; usage errors are usage errors."""

from pathlib import Path

from cli_subjects import Command

from operations.settings import FILE_NAME


def test_a_refusal_is_one_line_on_the_error_stream_with_exit_code_1(portevoix: Command) -> None:
    result = portevoix("trunk", "arm", "nulle-part", "--by", "Zoé")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "trunk: there is no trunk «nulle-part» in the settings. Known: rehearsal."
    ]


def test_wrong_settings_are_named_and_no_traceback_is_shown(portevoix: Command, home: Path) -> None:
    home.mkdir()
    (home / FILE_NAME).write_text("[api]\nport = 99999\n")
    result = portevoix("campaign", "list")
    assert result.exit_code == 1
    assert "api.port" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_home_that_cannot_be_made_is_one_line(portevoix: Command, home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.symlink_to("/proc/nothing")
    result = portevoix("campaign", "list")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_a_database_that_is_none_is_one_line(portevoix: Command, home: Path) -> None:
    home.mkdir()
    (home / "portevoix.db").write_bytes(b"this is no database" * 100)
    result = portevoix("campaign", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith("The database cannot be opened: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_missing_file_is_a_usage_error(portevoix: Command) -> None:
    assert portevoix("campaign", "run", "absent.toml").exit_code == 2


def test_an_unknown_command_is_a_usage_error(portevoix: Command) -> None:
    assert portevoix("telephone").exit_code == 2
