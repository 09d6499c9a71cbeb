"""Criteria that nobody may be chosen by: what the GDPR keeps apart as sensitive. Pure.

Art. 9(1) forbids processing data that reveal racial or ethnic origin, political opinions,
religious or philosophical beliefs or trade union membership, and data on health, sex life or
sexual orientation. What reveals them indirectly counts too (Court of Justice, 1 August 2022,
C-184/20), so that a person's name and place of birth, from which origin and religion are guessed,
are refused as well. The words are in `sensitive_words`, and in docs/segments.md.

Words cannot tell every such criterion: whoever writes a segment still answers for it.
"""

import re
import unicodedata

from campaigns.contacts.sensitive_words import EXACT, STARTS, WORDS, Category
from campaigns.errors import InvalidInput

_LEAST_LETTERS = 3
"""Of a beginning that tells something: with two, nearly every value would be refused."""

_HUMPS = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])")


def check_criterion(text: str, field: str) -> None:
    """Refuse the name or value of an attribute that tells of something sensitive.

    Raises:
        InvalidInput: says of what, and by which article.
    """
    _refuse(category_of(text), text, field)


def check_beginning(text: str, field: str) -> None:
    """Refuse the beginning of values of which some tell of something sensitive: `catho` does.

    Raises:
        InvalidInput: as of `check_criterion`.
    """
    check_criterion(text, field)
    _refuse(_category_of_beginning(text), f"{text}…", field)


def _refuse(category: Category | None, text: str, field: str) -> None:
    if category is not None:
        raise InvalidInput(
            field,
            f"«{text}» tells of {category.value}: nobody may be chosen by that (GDPR, art. 9).",
            "Choose people by place, or by what they said they want to hear about.",
        )


def category_of(text: str) -> Category | None:
    """What a text tells of; None where nothing in it is known as sensitive."""
    words = plain_words(text)
    joined = f" {' '.join(words)} "
    for category in Category:
        if joined.strip() in EXACT[category] or any(
            f" {one} " in joined for one in WORDS[category]
        ):
            return category
        if any(word.startswith(one) for word in words for one in STARTS[category]):
            return category
    return None


def _category_of_beginning(text: str) -> Category | None:
    """What a word that is known as sensitive, and begins with the last ones of a text, tells of."""
    words = plain_words(text)
    ends = [" ".join(words[place:]) for place in range(len(words))]
    told = [one for one in ends if sum(map(str.isalpha, one)) >= _LEAST_LETTERS]
    for category in Category:
        known = STARTS[category] | WORDS[category] | EXACT[category]
        if any(one.startswith(end) for one in known for end in told):
            return category
    return None


def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text in lower case and without accents: `opinionPolitique` is two."""
    apart = _HUMPS.sub(" ", text).casefold().replace("œ", "oe").replace("æ", "ae")
    letters = unicodedata.normalize("NFKD", apart)
    kept = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return tuple(re.findall(r"[a-z0-9]+", kept))
