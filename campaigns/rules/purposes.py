"""What calls are for: a closed vocabulary, in the ways French and English write it. Pure.

A rule pack is for some purposes and for no others. A word that is none of these would be for
nobody's pack, and whoever wrote it could choose the rules by its spelling: it is refused.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache


class Purpose(StrEnum):
    """What calls are for; one never stands for another."""

    POLITICAL = "political"
    COMMERCIAL = "commercial"
    PUBLIC_INFO = "public_info"
    SURVEY = "survey"
    MEETINGS = "meetings"
    EMERGENCY = "emergency"


_ALSO: dict[Purpose, tuple[str, ...]] = {
    Purpose.POLITICAL: (
        "politique", "politiques", "politics", "élection", "élections", "election", "elections",
        "électoral", "électorale", "electoral", "campagne électorale", "campagne politique",
        "political campaign", "election campaign", "prospection politique",
        "political prospecting", "communication politique", "propagande électorale",
    ),
    Purpose.COMMERCIAL: (
        "commerciale", "commerciaux", "prospection", "prospection commerciale", "prospecting",
        "commercial prospecting", "marketing", "démarchage", "démarchage commercial",
        "telemarketing", "publicité", "advertising", "sales", "vente", "ventes",
    ),
    Purpose.PUBLIC_INFO: (
        "information publique", "informations publiques", "public information",
        "information du public", "information municipale", "informations municipales",
        "municipal information", "info publique", "service public",
    ),
    Purpose.SURVEY: (
        "sondage", "sondages", "surveys", "enquête", "enquêtes", "enquête d'opinion",
        "opinion poll", "questionnaire",
    ),
    Purpose.MEETINGS: (
        "réunion", "réunions", "réunion publique", "réunions publiques", "meeting",
        "public meeting", "public meetings",
    ),
    Purpose.EMERGENCY: (
        "urgence", "urgences", "alerte", "alertes", "alert", "alerts", "emergency alert",
        "alerte de la population", "alerte à la population", "alerte d'urgence",
        "sécurité civile", "civil protection",
    ),
}  # fmt: skip
"""Other ways to write each; the first is the French word that is shown beside it."""


def _bare(text: str) -> str:
    """Without case, accents and signs: `Élections-2027` is `elections 2027`."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (one for one in apart if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() else " " for one in kept).split())


_KNOWN = {
    _bare(word): purpose for purpose, also in _ALSO.items() for word in (purpose.value, *also)
}


def purpose_of(text: str) -> Purpose | None:
    """The purpose that somebody wrote; None where it is none of them."""
    return _KNOWN.get(_bare(text))


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The one way in which a purpose is kept and compared.

    One that is none of ours, as a consent form may have, is compared without case and accents.
    """
    return _KNOWN.get(_bare(text)) or _bare(text) or text


@lru_cache(maxsize=1024)
def covers(purposes: tuple[str, ...], purpose: str) -> bool:
    """Whether who was told of these purposes was told of that one, however each is written."""
    return canonical(purpose) in map(canonical, purposes)


def named(purposes: Iterable[Purpose]) -> str:
    """Purposes as they are told to whoever must choose: `political (politique), …`."""
    ours = sorted(purposes, key=list(Purpose).index)
    return ", ".join(f"{one} ({_ALSO[one][0]})" for one in ours)
