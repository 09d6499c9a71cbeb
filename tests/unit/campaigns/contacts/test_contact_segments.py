"""Segments are a closed grammar, and sensitive criteria are not of it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.segments import (
    DEEPEST,
    Criterion,
    Either,
    Every,
    Not,
    Place,
    Relation,
    criteria,
    parse,
    places,
)
from campaigns.contacts.sensitive import category_of, check_criterion
from campaigns.contacts.sensitive_words import EXACT, STARTS, WORDS, Category
from campaigns.errors import InvalidInput

BENEVOLE = {"attribute": "profil", "equals": "bénévole"}


def refused(plain: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse(plain, "segments.x")
    assert caught.value.field.startswith("segments.x")
    assert caught.value.remedy
    return caught.value


def test_every_form() -> None:
    plain = {
        "all": [
            BENEVOLE,
            {"any": [
                {"place": "postcode", "starts_with": "75"},
                {"place": "commune", "in": ["St-Étienne", "LE HAVRE"]},
                {"place": "constituency", "equals": "75-08"},
            ]},
            {"not": {"attribute": "courriel", "present": True}},
            {"attribute": "code", "present": False},
        ]
    }  # fmt: skip
    found = parse(plain, "segments.x")
    assert found == Every((
        Criterion("profil", Relation.IN, ("bénévole",)),
        Either((
            Criterion(Place.POSTCODE, Relation.STARTS_WITH, ("75",)),
            Criterion(Place.COMMUNE, Relation.IN, ("saint etienne", "le havre")),
            Criterion(Place.CONSTITUENCY, Relation.IN, ("75-08",)),
        )),
        Not(Criterion("courriel", Relation.PRESENT)),
        Not(Criterion("code", Relation.PRESENT)),
    ))  # fmt: skip
    assert places(found) == set(Place)
    assert len(list(criteria(found))) == 6


@pytest.mark.parametrize(
    "plain",
    [
        None, "", "profil = bénévole", [], {}, {"all": []}, {"all": BENEVOLE}, {"not": []},
        {"xor": [BENEVOLE]}, {"all": [BENEVOLE], "any": [BENEVOLE]},
        {"attribute": "profil"}, {"equals": "x"}, {**BENEVOLE, "in": ["x"]},
        {**BENEVOLE, "place": "postcode"}, {**BENEVOLE, "note": "x"},
        {"place": "street", "equals": "x"}, {"place": ["postcode"], "equals": "x"},
        {"place": "postcode", "equals": 75012}, {"place": "postcode", "in": "75012"},
        {"place": "postcode", "in": []}, {"place": "postcode", "equals": "  "},
        {"place": "commune", "starts_with": "Saint"}, {"place": "commune", "equals": "Paris 12"},
        {"place": "commune", "equals": "-"}, {"attribute": 'a"b', "equals": "x"},
        {"attribute": "a\\b", "equals": "x"}, {"attribute": "a", "present": "yes"},
        {"attribute": "a", "equals": "x" * 201}, {"attribute": "a", "equals": "x\0"},
        {"attribute": "a", "matches": ".*"},
    ],
)  # fmt: skip
def test_what_is_not_of_the_grammar(plain: Any) -> None:
    refused(plain)


def test_an_attribute_may_be_called_like_a_place() -> None:
    found = parse({"attribute": "commune", "starts_with": "Val"}, "segments.x")
    assert found == Criterion("commune", Relation.STARTS_WITH, ("Val",))
    assert not places(found)


def test_it_says_where() -> None:
    plain = {"all": [BENEVOLE, {"not": {"attribute": "a", "in": ["x", 7]}}]}
    assert refused(plain).field == "segments.x.all.2.not.in"


def test_depth_is_bounded() -> None:
    plain: dict[str, Any] = BENEVOLE
    for _ in range(DEEPEST - 1):
        plain = {"not": plain}
    assert parse(plain, "segments.x")
    for _ in range(5000):
        plain = {"not": plain}
    assert "nested" in refused(plain).why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "attribute", "place", "in", "equals", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_read_or_refused(plain: Any) -> None:
    try:
        found = parse(plain, "segments.x")
    except InvalidInput:
        return
    assert list(criteria(found))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Opinion politique", Category.POLITICS),
        ("opinionPolitique", Category.POLITICS),
        ("intention_de_vote", Category.POLITICS),
        ("SYMPATHISANTS RN", Category.POLITICS),
        ("électrices", Category.POLITICS),
        ("RN", Category.POLITICS),
        ("party_politics", Category.POLITICS),
        ("Religion", Category.RELIGION),
        ("MUSULMAN", Category.RELIGION),
        ("église Saint-Jean", Category.RELIGION),
        ("franc-maçon", Category.RELIGION),
        ("origine éthnique", Category.ORIGIN),
        ("pays_de_naissance", Category.ORIGIN),
        ("Nationalité", Category.ORIGIN),
        ("country of birth", Category.ORIGIN),
        ("problème de santé", Category.HEALTH),
        ("Handicapé", Category.HEALTH),
        ("blood-type", Category.HEALTH),
        ("syndicaliste", Category.UNION),
        ("CGT", Category.UNION),
        ("trade union", Category.UNION),
        ("orientation sexuelle", Category.SEXUALITY),
        ("LGBT+", Category.SEXUALITY),
        ("Prénom", Category.NAME),
        ("nom", Category.NAME),
        ("last_name", Category.NAME),
        ("ÉGLISE", Category.RELIGION),
    ],
)
def test_sensitive_criteria_are_refused_as_names_and_as_values(
    text: str, category: Category
) -> None:
    assert category_of(text) is category
    for plain in (
        {"attribute": text, "equals": "oui"},
        {"attribute": "profil", "equals": text},
        {"attribute": "profil", "in": ["x", text]},
        {"not": {"attribute": "profil", "starts_with": text}},
    ):
        error = refused(plain)
        assert "art. 9" in error.why
        assert category.value in error.why


@pytest.mark.parametrize(
    "text",
    [
        "profil", "bénévole", "quartier", "centre", "canton", "électricien", "conservatoire",
        "abonné", "newsletter", "commune", "postcode", "nom_commune", "rive gauche de l'Orne",
        "âge", "langue", "date_inscription", "source", "parking", "parcours", "sujet: école",
        "transport", "ville", "sud", "oui", "indigents", "partie", "Valbourg-sur-Orne", "leftover",
    ],
)  # fmt: skip
def test_what_tells_of_nothing_sensitive_is_taken(text: str) -> None:
    check_criterion(text, "attribute")


LISTED = sorted(
    {one for kind in (STARTS, WORDS, EXACT) for words in kind.values() for one in words}
)


@given(st.sampled_from(LISTED), st.data())
def test_no_beginning_of_a_sensitive_word_is_asked_for(word: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(1, len(word)), "length")
    before = data.draw(st.sampled_from(["", "membre ", "12, ", "l'", "x-"]), "before")
    written = data.draw(st.sampled_from([str.lower, str.upper, str.capitalize]), "written")
    accented = data.draw(st.sampled_from(["e", "é"]), "accented")
    start = written(word[:length]).replace("e", accented)
    if sum(map(str.isalpha, start)) < 3:
        return
    asked = {"attribute": "profil", "starts_with": before + start}
    assert "art. 9" in refused(asked).why
    assert "art. 9" in refused({"any": [{"not": asked}]}).why


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_a_beginning_that_no_sensitive_word_has_is_asked_for(text: str) -> None:
    if category_of(text) is None and not any(one.startswith(text) for one in LISTED):
        assert parse({"attribute": "profil", "starts_with": text}, "segments.x")


@pytest.mark.parametrize("text", ["catho", "musul", "Membre Catho", "front na", "extrême dr"])
def test_half_a_word_is_refused_in_the_words_of_the_whole(text: str) -> None:
    said = refused({"attribute": "profil", "starts_with": text}).why
    assert said.startswith(f"«{text}…» tells of ")
    check_criterion(text, "segments.x")  # whole, it tells of nothing


@pytest.mark.parametrize("text", ["A7", "bénév", "Val", "ca", "75", "club de l"])
def test_other_beginnings_are_taken(text: str) -> None:
    assert parse({"attribute": "profil", "starts_with": text}, "segments.x")


def test_a_commune_may_have_any_name() -> None:
    assert parse({"place": "commune", "equals": "Les Églises-d'Argenteuil"}, "segments.x")


@pytest.mark.parametrize("category", list(Category))
def test_every_word_is_found_in_capitals_and_among_others(category: Category) -> None:
    for one in STARTS[category] | WORDS[category]:
        assert category_of(f"Xx-{one.upper()} 2") is not None, one
    for one in EXACT[category]:
        assert category_of(f" {one.upper()} ") is not None, one


def test_the_documentation_lists_every_word() -> None:
    page = (Path(__file__).parents[4] / "docs" / "segments.md").read_text("utf-8")
    rows = {row.split(" | ")[0][2:]: row for row in page.splitlines() if row.startswith("| ")}
    for category in Category:
        listed = [
            set(cell.strip(" |").split(", ")) - {"–"}
            for cell in rows[category.value].split(" | ")[1:]
        ]
        assert listed == [STARTS[category], WORDS[category], EXACT[category]]


def test_words_are_written_as_they_are_compared() -> None:
    for words in (STARTS, WORDS, EXACT):
        for category in Category:
            for one in words[category]:
                assert one == one.casefold().strip(), one
                assert one.isascii(), one
    assert not any(" " in one for category in Category for one in STARTS[category])
