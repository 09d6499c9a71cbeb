"""Which constituency an address is of, by an operator's table. Pure.

Where the table does not say it for sure, the address is doubtful: in June 2024 people were sent
the message of another constituency's candidate, as their addresses were old or wrong.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from campaigns.contacts.commune import (
    OF_WHOLE_CITY,
    Commune,
    code_of_district,
    district_of_code,
    district_of_postcode,
    read_commune,
)


class Doubt(StrEnum):
    """Why nobody knows of which constituency an address is."""

    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    CONTRADICTORY = "contradictory"

    @property
    def said(self) -> str:
        """In a sentence, with what to do."""
        return _SAID[self]


_SAID = {
    Doubt.INCOMPLETE: "It takes an INSEE code, or postcode and commune together.",
    Doubt.UNKNOWN: "The table has no such place: correct the address, or add it to the table.",
    Doubt.AMBIGUOUS: "The place is in several constituencies: give the polling station too.",
    Doubt.CONTRADICTORY: "Postcode, commune and INSEE code are not of one place.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """As much of an address as tells a constituency, as it is written.

    Attributes:
        insee: INSEE code of the commune.
        station: polling station.
    """

    postcode: str = ""
    commune: str = ""
    insee: str = ""
    station: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an address is.

    Attributes:
        commune: its name in one form, without arrondissement.
        constituency: as the table calls it; None where that is not known for sure.
        doubt: why it is not; None where it is.
    """

    commune: str
    constituency: str | None = None
    doubt: Doubt | None = None


class Constituencies:
    """An operator's table, ready to be asked.

    Args:
        rows: addresses, each with the constituency it is of.
    """

    def __init__(self, rows: Iterable[tuple[Address, str]] = ()) -> None:
        self._stations: dict[str, dict[str, set[str]]] = {}
        for address, constituency in rows:
            for key in _keys(address) or ():
                of_place = self._stations.setdefault(key, {})
                of_place.setdefault(_station(address.station), set()).add(constituency)

    def place(self, address: Address) -> Placed:
        """Where an address is, as far as the table tells."""
        commune = read_commune(address.commune).name
        keys = _keys(address)
        if keys is None:
            return Placed(commune, doubt=Doubt.CONTRADICTORY)
        if not keys:
            return Placed(commune, doubt=Doubt.INCOMPLETE)
        station = _station(address.station)
        found = [self._of(key, station) for key in keys if key in self._stations]
        if not found:
            return Placed(commune, doubt=Doubt.UNKNOWN)
        return _decided(commune, set.intersection(*found))

    def _of(self, key: str, station: str) -> set[str]:
        """Every constituency that a place may be of; one, where its polling station is listed."""
        stations = self._stations[key]
        if station and station in stations:
            return stations[station]
        return set().union(*stations.values())


def _decided(commune: str, left: set[str]) -> Placed:
    if not left:
        return Placed(commune, doubt=Doubt.CONTRADICTORY)
    if len(left) > 1:
        return Placed(commune, doubt=Doubt.AMBIGUOUS)
    return Placed(commune, constituency=left.pop())


def is_complete(address: Address) -> bool:
    """Whether it names one place: by INSEE code, or by postcode and commune that agree."""
    return bool(_keys(address))


def _keys(address: Address) -> list[str] | None:
    """By what the place is looked for; None where its parts are not of one place."""
    commune = read_commune(address.commune)
    postcode, code = _digits(address.postcode), _digits(address.insee)
    told = {one for one in _districts(commune, postcode, code) if one is not None}
    if len(told) > 1:
        return None
    district = next(iter(told), None)
    keys = []
    if code:
        keys.append(code_of_district(district) if code in OF_WHOLE_CITY and district else code)
    if postcode and commune.name:
        keys.append(f"{postcode} {_spelled(commune, district)}")
    return keys


def _districts(commune: Commune, postcode: str, code: str) -> Iterator[Commune | None]:
    """What each part of an address tells of an arrondissement."""
    yield commune if commune.district else None
    of_postcode = district_of_postcode(postcode)
    yield of_postcode if of_postcode and commune.name in {"", of_postcode.name} else None
    yield district_of_code(code)


def _spelled(commune: Commune, district: Commune | None) -> str:
    if district is None or commune.name != district.name:
        return commune.name
    return f"{district.name} {district.district}"


def _digits(text: str) -> str:
    """A postcode or an INSEE code, with the zero that a spreadsheet took from one such as 01000."""
    kept = "".join(text.split()).upper()
    return "0" + kept if len(kept) == 4 and kept.isdecimal() else kept


def _station(text: str) -> str:
    return "".join(text.split()).casefold().lstrip("0")
