"""The French number plan, as data.

Sources: ARCEP décision 2018-0881 as amended (the numbering plan), libphonenumber's metadata for
the overseas ranges, and ARCEP's ranges for fiction. A national significant number is written here
without its leading 0: 0692 12 34 56 is `692123456`.
"""

import re
from typing import Final

FRANCE: Final = "33"

NATIONAL_LENGTHS: Final[dict[str, tuple[int, ...]]] = {
    "33": (9,),
    "262": (9,),
    "590": (9,),
    "594": (9,),
    "596": (9,),
    "508": (6, 9),
    "681": (6,),
    "687": (6,),
    "689": (8,),
}
"""Every country code of the French Republic, and how many digits follow it."""

TRUNK_ZERO: Final = frozenset({"33", "262", "590", "594", "596", "508"})
"""Codes whose numbers are written at home with a leading 0 that is never dialled after the code."""

FICTIONAL_PREFIXES: Final = ("19900", "26191", "35301", "46571", "53649", "63998")
"""ARCEP keeps these +33 ranges for films and examples: nobody can be reached there.

`63998` lies inside 0639, Mayotte's mobiles, whose assigned blocks leave it out.
"""

OVERSEAS_PREFIXES: Final[dict[str, str]] = {
    "262": "262",
    "263": "262",
    "2688": "262",
    "692": "262",
    "693": "262",
    "7092": "262",
    "269": "262",
    "2689": "262",
    "639": "262",
    "70935": "262",
    "70936": "262",
    "70937": "262",
    "590": "590",
    "5987": "590",
    "690": "590",
    "691": "590",
    "7090": "590",
    "594": "594",
    "5988": "594",
    "694": "594",
    "70930": "594",
    "70931": "594",
    "70932": "594",
    "70933": "594",
    "596": "596",
    "5989": "596",
    "696": "596",
    "697": "596",
    "7091": "596",
    "508": "508",
    "708": "508",
    # Polyvalent numbers (09) of the overseas territories.
    "9475": "590",
    "9476": "594",
    "9477": "596",
    "9478": "262",
    "9479": "262",
    "9760": "590",
    "9761": "590",
    "9762": "262",
    "9763": "262",
    "9764": "594",
    "9765": "594",
    "9766": "596",
    "9767": "596",
    "9768": "590",
    "9769": "262",
}
"""Beginning of a national number -> the country code it is reached under.

A library told "region FR" takes several of these for valid +33 numbers and reaches nobody, or
somebody else, in another time zone.
"""

LOCAL_OF_SIX_DIGITS: Final = "508"
"""Saint-Pierre-et-Miquelon: 0508 41 xx xx is +508 41 xx xx; its other numbers keep nine digits."""

MACHINE_PREFIX: Final = "700"
_SHORT_NUMBER: Final = re.compile(r"11[68]\d{3}|[3-8]\d{4}|[13]\d{1,3}")
PLATFORM_PREFIXES: Final = ("937", "938", "939")
SPECIAL_PREFIX: Final = "8"

_PARIS = ("Europe/Paris",)
_REUNION = ("Indian/Reunion",)
_MAYOTTE = ("Indian/Mayotte",)

_ZONES: Final[dict[str, tuple[str, ...]]] = {
    "33": _PARIS,
    "262": _REUNION + _MAYOTTE,
    "590": ("America/Guadeloupe",),
    "594": ("America/Cayenne",),
    "596": ("America/Martinique",),
    "508": ("America/Miquelon",),
    "681": ("Pacific/Wallis",),
    "687": ("Pacific/Noumea",),
    "689": ("Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"),
}
_LANDLINE_ZONES: Final = {
    "262": _REUNION,
    "263": _REUNION,
    "2688": _REUNION,
    "269": _MAYOTTE,
    "2689": _MAYOTTE,
}


def home_of(significant: str) -> str:
    """The country code that a number written as a national one (without its 0) belongs to."""
    if significant.startswith(FICTIONAL_PREFIXES):
        return FRANCE
    for length in (5, 4, 3):
        code = OVERSEAS_PREFIXES.get(significant[:length])
        if code is not None:
            return code
    return FRANCE


def zones_of(country: str, significant: str) -> tuple[str, ...]:
    """Every IANA zone its owner may live in; a call must be allowed in all of them.

    Mobiles and 09 numbers of +262 are sold in La Réunion and in Mayotte, and Polynesia's numbers
    don't say which of its three zones they are in.
    """
    if country == "262":
        for length in (4, 3):
            zones = _LANDLINE_ZONES.get(significant[:length])
            if zones is not None:
                return zones
    return _ZONES[country]


def is_short_number(digits: str) -> bool:
    """Emergency, directory and short service numbers: 15, 112, 1023, 3xxx, 118 xxx, 5 digits."""
    return _SHORT_NUMBER.fullmatch(digits) is not None
