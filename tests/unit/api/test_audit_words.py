"""Every act of a controller, and what is said beside it, has a word in French."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialer
import operations
import store
from api.language import language

OF_EVERYBODY = {"backup", "constituencies", "database", "installation", "rules", "suppression_key",
    "trunk", "user"}  # fmt: skip
"""First parts of acts that concern every controller, which the page of one does not show."""

FILES = [
    file
    for package in (dialer, operations, store)
    for file in sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    if "audit.record(" in file.read_text("utf-8")
]


def records(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that write an act."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"record", "_record"}:
                yield node


def names(node: ast.AST) -> Iterator[str]:
    """Names that a dictionary written there has."""
    for one in ast.walk(node):
        if isinstance(one, ast.Dict):
            yield from (str(key.value) for key in one.keys if isinstance(key, ast.Constant))


def details(tree: ast.AST) -> Iterator[str]:
    """Names that stand beside acts: in the call itself, or in what is called `detail`."""
    for call in records(tree):
        for given in [*call.args, *(one.value for one in call.keywords)]:
            yield from names(given) if isinstance(given, ast.Dict) else ()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(one, "id", "") == "detail" for one in targets) and node.value:
                yield from names(node.value)


def acts(tree: ast.AST) -> Iterator[str]:
    """Acts that are written out, such as `list.import`."""
    for call in records(tree):
        for given in call.args:
            text = given.value if isinstance(given, ast.Constant) else ""
            if (
                isinstance(text, str)
                and text.count(".") == 1
                and text.replace(".", "").isidentifier()
            ):
                yield text


TREES = [ast.parse(file.read_text("utf-8")) for file in FILES]
DETAILS = sorted({one for tree in TREES for one in details(tree)})
ACTS = sorted({one for tree in TREES for one in acts(tree)})


def known(kind: str, name: str) -> bool:
    return bool(language("fr").translations._catalog.get(f"{kind}\x04{name}"))  # type: ignore[attr-defined]


def test_they_are_found() -> None:
    assert {"read_as", "in_time", "table"} <= set(DETAILS)
    assert {"list.import", "export.make", "request.close"} <= set(ACTS)


@pytest.mark.parametrize("name", DETAILS)
def test_each_detail_has_its_word(name: str) -> None:
    assert known("detail", name)


@pytest.mark.parametrize("act", [one for one in ACTS if one.partition(".")[0] not in OF_EVERYBODY])
def test_each_act_has_its_word(act: str) -> None:
    assert known("act", act)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("attempt 01J8ZQ5Y3N8V0000000000000A", "appel 01J8ZQ5Y3N8V0000000000000A"),
        ("refus.csv, line 3", "refus.csv, ligne 3"),
        ("list 2, line 14: retrait", "liste 2, ligne 14\N{NO-BREAK SPACE}: retrait"),
        ("consent form /consent/voix", "formulaire /consent/voix"),
        ("page, zoe@example.org: by letter", "page, zoe@example.org: by letter"),
    ],
)
def test_where_a_refusal_is_recorded_is_said_in_french(source: str, said: str) -> None:
    assert language("fr").source(source) == said
    assert language("en").source(source) == source
