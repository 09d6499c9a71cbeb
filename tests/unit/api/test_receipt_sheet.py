"""A receipt in words: whole in both languages, as text and as a PDF that can be read aloud."""

import gettext
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

import pytest
from receipts import PERSON, WORDING, full_house
from sqlalchemy import Engine

from api.language import LANGUAGES, Language, language
from api.receipt import pdf, text, words
from audio.library import Library
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.contacts.request import RequestKind
from campaigns.contacts.suppression import SuppressionReason, SuppressionScope
from campaigns.states import TargetState
from operations.receipt import issue
from operations.receipt_parts import Receipt
from operations.settings import load
from operations.workspace import Workspace

PARTS = (
    "Comité", "+33 6 39 98 00 01", "Fichiers SA", "formulaire", "Anne", "A-17", "site web",
    "lettre du 3 mars", "+33 1 99 00 12 34", "19", "www.cnil.fr/plaintes",
)  # fmt: skip


@pytest.fixture
def receipt(own_store: Engine, tmp_path: Path) -> Receipt:
    workspace = Workspace(load(tmp_path), own_store, Library(tmp_path / "audio"))
    return issue(workspace, full_house(workspace), PERSON, "DPO", "text")


class Listening(gettext.NullTranslations):
    """A catalogue that notes what it does not know."""

    def __init__(self, real: gettext.NullTranslations) -> None:
        super().__init__()
        self._real = real
        self.unknown: set[str] = set()

    def gettext(self, message: str) -> str:
        return self._noted(self._real.gettext(message), message)

    def pgettext(self, context: str, message: str) -> str:
        return self._noted(self._real.pgettext(context, message), message)

    def _noted(self, said: str, message: str) -> str:
        if said == message:
            self.unknown.add(message)
        return said


def test_french_readers_find_no_english_word(receipt: Receipt) -> None:
    french = language("fr")
    catalogue = Listening(french.translations)
    listening = Language("fr", catalogue, french.patterns, french.sources)
    said = text.written(words.sheet_of(receipt, listening))
    unknown = {one for one in catalogue.unknown if french.say(one) == one and not one.isdigit()}
    assert unknown == set()
    assert "Ce que nous détenons" in said


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("suppression", SuppressionReason),
        ("scope", SuppressionScope),
        ("request", RequestKind),
        ("basis", BasisKind),
        ("evidence", Evidence),
        ("place", TargetState),
    ],
)
def test_every_word_that_may_stand_in_it_is_known(kind: str, names: Iterable[StrEnum]) -> None:
    for one in names:
        assert language("fr").translations.pgettext(kind, one.value) != one.value


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_text_says_everything_and_fits(receipt: Receipt, code: str) -> None:
    said = text.written(words.sheet_of(receipt, language(code)))
    flat = " ".join(said.split())
    for part in PARTS:
        assert part in flat.replace("\u00a0", " "), part
    assert WORDING in flat
    assert max(map(len, said.splitlines())) <= text.WIDTH


def test_times_are_those_of_paris(receipt: Receipt) -> None:
    said = text.written(words.sheet_of(receipt, language("en")))
    assert "Mar 2, 2026, 12:00" in said or "2 Mar 2026, 12:00" in said


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_is_tagged_and_says_title_and_language(receipt: Receipt, code: str) -> None:
    drawn = pdf.drawn(words.sheet_of(receipt, language(code)))
    assert drawn.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part" in drawn
    assert re.search(rb"/Lang\s*\(" + code.encode(), drawn)
    assert b"/StructTreeRoot" in drawn


@pytest.fixture
def hostile(receipt: Receipt) -> Callable[[str], Receipt]:
    from dataclasses import replace  # noqa: PLC0415

    return lambda name: replace(receipt, controller=name)


@pytest.mark.parametrize("name", ["#panic()", "$x$ *a* _b_ `c` <d> @e", "= [ ] { } \\", "\u202e%;"])
def test_nothing_that_a_list_says_is_taken_for_markup(
    hostile: Callable[[str], Receipt], name: str
) -> None:
    assert pdf.drawn(words.sheet_of(hostile(name), language("fr"))).startswith(b"%PDF")
