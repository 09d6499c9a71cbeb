"""Whatever the layers below refuse is said in French where the API is asked in French."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from api import rate
from api.language import language
from operations import (
    add_contacts,
    call_me,
    callback_line,
    consent_forms,
    demands,
    erase,
    keys,
    no_election,
    requests,
    segments,
    selection,
    webhook_address,
    webhooks,
)
from store import added_contacts, api_keys
from store import consent_forms as kept_forms
from store import requests as kept_requests
from store import webhooks as kept_webhooks

MODULES = [
    add_contacts, call_me, callback_line, consent_forms, demands, erase, keys, no_election,
    requests, segments, selection, webhook_address, webhooks, added_contacts, api_keys, kept_forms,
    kept_requests, kept_webhooks, rate,
]  # fmt: skip
ERRORS = {"InvalidInput", "NotAllowed", "NotFound", "Refusal"}


def sentences(module: ModuleType) -> Iterator[str]:
    """Texts that are raised, their values filled in; of an `InvalidInput` not the field."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    names = {
        one.targets[0].id: one.value
        for one in tree.body
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
            first = 1 if getattr(node.func, "id", "") in {"InvalidInput", "Refusal"} else 0
            for text in node.args[first:]:
                kept = names.get(text.id) if isinstance(text, ast.Name) else text
                if kept is not None and (said := filled(kept)):
                    yield said


def filled(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(filled(one) for one in node.values)
    return "7" if isinstance(node, ast.FormattedValue) else ""


ALL = sorted({one for module in MODULES for one in sentences(module)})


def test_there_are_sentences() -> None:
    assert len(ALL) > 40


@pytest.mark.parametrize("sentence", ALL)
def test_it_is_said_in_french(sentence: str) -> None:
    assert language("fr").say(sentence) != sentence
