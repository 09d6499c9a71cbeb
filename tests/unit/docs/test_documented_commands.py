"""Every command in the pages is one that there is, with arguments that it takes.

Each line of a fenced block that runs `portevoix`, in a container too, is parsed by the real command
line; files that it names need not be there. Of blocks that show what is answered, those lines are
taken that begin as at a prompt. What only shows something is run, in a home without anything.
docs/api.md and the SIPp of docs/carrier.md are run whole by tests/integration (test_api_server.py,
test_cli_sipp.py).
"""

import logging
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from typer.testing import CliRunner

from cli.main import app
from operations import controllers
from operations.workspace import open_workspace

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_PROMPT = "$ "
_ANSWERED = {"text", "console", ""}
"""Languages of blocks in which not every line is a command."""

_PROGRAMS = ("portevoix ", "make ", "docker compose ")
_SHOWING = {
    ("audit", "show"), ("audit", "verify"), ("campaign", "list"), ("controller", "list"),
    ("line", "list"), ("node", "list"), ("request", "list"), ("rules", "list"), ("rules", "show"),
    ("suppressions", "list"), ("user", "list"), ("webhook", "list"),
}  # fmt: skip
_SUBSHELL = re.compile(r"\$\(([^()]*)\)")
_ASSIGNED = re.compile(r"[A-Z_]+=\S*")


def lines(page: Path) -> Iterator[str]:
    """Each command of the shell blocks of a page, with what its quotes hold of the next lines."""
    for language, block in _FENCE.findall(page.read_text("utf-8")):
        for line in whole(typed(language, block.replace("\\\n", " ").splitlines())):
            yield line.strip()
            yield from _SUBSHELL.findall(line)


def typed(language: str, some: Iterable[str]) -> Iterator[str]:
    """Those lines of a block that somebody types."""
    for line in some:
        text = line.strip()
        if language == "sh":
            yield line
        elif language in _ANSWERED and text.startswith(_PROMPT):
            yield text.removeprefix(_PROMPT)
        elif not language and text.startswith(_PROGRAMS):
            yield text


def whole(some: Iterable[str]) -> Iterator[str]:
    """Lines, joined where a quoted text goes on in the next one.

    Raises:
        ValueError: a quote is never closed.
    """
    begun: list[str] = []
    for line in some:
        begun.append(line)
        with suppress(ValueError):
            shlex.split("\n".join(begun), comments=True)
            yield "\n".join(begun)
            begun = []
    if begun:
        raise ValueError(f"a quote is never closed: {begun[0]}")


def words(line: str) -> list[str]:
    """The words of the first command in a line, without assignments or a container before it."""
    found = shlex.split(line, comments=True)
    ends = [index for index, word in enumerate(found) if word in {"|", "&&", ";", ">", "||", "&"}]
    found = found[: ends[0]] if ends else found
    while found and _ASSIGNED.fullmatch(found[0]):
        found = found[1:]
    if found[:2] == ["docker", "compose"] and "portevoix" in found:
        return found[found.index("portevoix") :]
    return found


def commands(program: str) -> list[tuple[str, list[str]]]:
    return [
        (page.name, found[1:])
        for page in PAGES
        for line in lines(page)
        if (found := words(line)) and Path(found[0]).name == program
    ]


def parse(arguments: list[str]) -> None:
    """Take the arguments apart as the command would, without running it."""
    command: Any = typer.main.get_command(app)
    name, rest, parent = "portevoix", arguments, None
    while True:
        context = command.make_context(name, list(rest), parent=parent)
        if not hasattr(command, "commands"):
            return
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        parent = context


@pytest.mark.parametrize(("page", "arguments"), commands("portevoix"), ids=str)
def test_a_documented_command_is_one_that_there_is(page: str, arguments: list[str]) -> None:
    """Arguments are told apart before any file is looked for: those are the reader's."""
    try:
        parse(arguments)
    except Exception as error:
        if "does not exist" not in str(error):
            raise


SHOWING = sorted(
    {tuple(found) for _, found in commands("portevoix") if tuple(found[:2]) in _SHOWING}
    | {tuple(found) for _, found in commands("portevoix") if found[:1] == ["size"]}
)


@pytest.fixture
def own_logs() -> Iterator[None]:
    """A command sets up logging for its process, which here goes on."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("own_logs")
@pytest.mark.parametrize("arguments", SHOWING, ids=" ".join)
def test_a_documented_look_can_be_taken_anywhere(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """In a home without anything but a controller, the one that it names."""
    named = "--controller" in arguments
    workspace = open_workspace(tmp_path)
    name = arguments[arguments.index("--controller") + 1] if named else "Comité"
    controllers.add(workspace, name, "test")
    workspace.engine.dispose()
    done = CliRunner().invoke(app, ["--home", str(tmp_path), *arguments])
    assert done.exit_code == 0, done.stderr


def test_what_is_typed_is_told_from_what_is_answered() -> None:
    page = [
        "$ portevoix node list",
        "portevoix is here",
        "  $ docker compose exec api portevoix x y",
    ]
    assert list(typed("text", page)) == [page[0][2:], page[2].strip()[2:]]
    assert list(typed("", ["portevoix node list", "node  state"])) == ["portevoix node list"]
    assert list(typed("toml", page)) == []
    assert words("A=b docker compose run --rm dialer portevoix size 5") == [
        "portevoix",
        "size",
        "5",
    ]


def test_the_pages_have_commands_and_a_wrong_one_is_noticed() -> None:
    assert len(commands("portevoix")) > 80
    assert len(SHOWING) > 8
    assert {page for page, _ in commands("portevoix")} >= {"several.md", "callback.md", "docker.md"}
    for wrong in (["backup"], ["backup", "x", "--nothing"], ["campaign", "launched", "x"]):
        with pytest.raises(Exception, match=r"Missing|No such"):
            parse(wrong)


def test_a_quoted_text_may_go_on_in_the_next_line_and_must_end() -> None:
    text = ["portevoix stop --reason 'wrong", "date' --nothing", "portevoix stop  # it's all"]
    assert list(whole(text)) == ["\n".join(text[:2]), text[2]]
    assert words(next(whole(text)))[1:] == ["stop", "--reason", "wrong\ndate", "--nothing"]
    with pytest.raises(ValueError, match="never closed: portevoix 'a"):
        list(whole(["portevoix 'a", "b"]))


@pytest.mark.parametrize(("page", "arguments"), commands("make"), ids=str)
def test_a_documented_target_is_one_that_there_is(page: str, arguments: list[str]) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    assert {word for word in arguments if "=" not in word} <= targets


def test_every_page_is_in_the_contents() -> None:
    listed = set(re.findall(r"(?m)^([a-z/-]+)$", (ROOT / "docs" / "index.md").read_text()))
    pages = {
        path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
    }
    assert pages - {"index"} <= listed
