"""Every sentence of a check is said in French, with the same values."""

import ast
import re
from pathlib import Path

import pytest

from api.language import language
from operations import checks, route_checks, rule_checks

HOLE = re.compile(r"\{(\w+)\}")
MODULES = (checks, route_checks, rule_checks)


def sentences() -> list[str]:
    """Texts in the modules that are sentences: templates of what is said and of remedies."""
    return [one for module in MODULES for one in of(module.__file__)]


def of(file: str) -> list[str]:
    tree = ast.parse(Path(file).read_text("utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    } | {id(node.value) for node in tree.body if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]
    return [one for one in texts if one.endswith(".") and one[0] in "«{ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


@pytest.mark.parametrize("sentence", sentences())
def test_it_is_said_in_french(sentence: str) -> None:
    said = language("fr").translations.gettext(sentence)
    assert said != sentence
    assert set(HOLE.findall(said)) == set(HOLE.findall(sentence))
