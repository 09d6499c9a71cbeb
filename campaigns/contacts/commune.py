"""Names of communes as people and files write them, in one form. Pure.

`ST-ETIENNE CEDEX 2`, `Saint Étienne` and `saint-etienne` are one; so are `Havre (Le)` and
`LE HAVRE`. Paris, Lyon and Marseille are told apart by arrondissement, which their postcodes and
INSEE codes tell as well.
"""

import re
import unicodedata
from dataclasses import dataclass

_ARTICLE_BEHIND = re.compile(r"^(?P<name>.+?)\s*\((?P<article>l[ea]s?|l['’])\)\s*$")
_SHORT = {
    "st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes",
    "s": "sur", "ss": "sous", "lez": "les",
}  # fmt: skip
_ORDINAL = re.compile(r"0?(?P<rank>[1-9]\d?)(?:er|e|eme|ere|nd|nde)?")
_OF_DISTRICTS = {"er", "e", "eme", "ere", "arrondissement", "arr", "ardt", "arrdt"}
_CITIES = {"paris": 20, "lyon": 9, "marseille": 16}
_POSTCODES = {"75": "paris", "69": "lyon", "13": "marseille"}
_CODES = {"paris": 75100, "lyon": 69380, "marseille": 13200}
OF_WHOLE_CITY = frozenset({"75056", "69123", "13055"})
"""INSEE codes that say nothing of the arrondissement."""


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune's name in one form.

    Attributes:
        name: without accents, capitals and punctuation; empty where none was given.
        district: its arrondissement; 0 where it has none or it is not told.
    """

    name: str
    district: int = 0


def read_commune(text: str) -> Commune:
    """The one form of a commune's name."""
    plain = _without_accents(text)
    if behind := _ARTICLE_BEHIND.match(plain):
        plain = f"{behind['article']} {behind['name']}"
    words = [_SHORT.get(word, word) for word in re.findall(r"[a-z0-9]+", plain)]
    if "cedex" in words:
        words = words[: words.index("cedex")]
    district = _district(words)
    return Commune(words[0], district) if district else Commune(" ".join(words))


def district_of_postcode(postcode: str) -> Commune | None:
    """The arrondissement that a postcode is of; None where it is of none."""
    city = _POSTCODES.get(postcode[:2])
    if city is None or len(postcode) != 5 or not postcode.isdecimal():
        return None
    rank = 16 if postcode == "75116" else int(postcode[2:])
    return Commune(city, rank) if 1 <= rank <= _CITIES[city] else None


def district_of_code(code: str) -> Commune | None:
    """The arrondissement that an INSEE code is of; None where it is of none."""
    if len(code) != 5 or not code.isdecimal():
        return None
    for city, base in _CODES.items():
        if 1 <= int(code) - base <= _CITIES[city]:
            return Commune(city, int(code) - base)
    return None


def code_of_district(commune: Commune) -> str:
    """The INSEE code of an arrondissement."""
    return str(_CODES[commune.name] + commune.district)


def _without_accents(text: str) -> str:
    lower = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("s/", "s ")
    letters = unicodedata.normalize("NFKD", lower)
    return "".join(sign for sign in letters if not unicodedata.combining(sign))


def _district(words: list[str]) -> int:
    """The arrondissement that stands behind the name of a city that has some; 0 for none."""
    if len(words) < 2 or words[0] not in _CITIES:
        return 0
    rank = _ORDINAL.fullmatch(words[1])
    if rank is None or not _OF_DISTRICTS.issuperset(words[2:]):
        return 0
    found = int(rank["rank"])
    return found if found <= _CITIES[words[0]] else 0
