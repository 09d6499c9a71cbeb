"""Makes examples/contacts.csv: 1,000 people who do not exist, in a town that does not.

Every number a person could take for real lies in the ranges that ARCEP keeps for fiction. Thirteen
rows are faulty, as rows in real lists are: ten are refused at import, three come in without proof
of consent and are refused when they would be called. Run it from anywhere; it always writes the
same file.
"""

import csv
import random
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

ROWS = 1000
MOBILE = "63998"
LANDLINES = ("19900", "26191", "35301", "46571", "53649")
HEADER = (
    "external_id", "prenom", "nom", "telephone", "code_postal", "commune",
    "date_consentement", "source_consentement", "formulation",
)  # fmt: skip

FIRST_NAMES = (
    "Adélaïde Agnès Aïcha Amélie Anaïs André Andréa Anne-Sophie Aurélie Benoît Béatrice Camille "
    "Cécile Cédric Chloé Clément Daniel Désiré Elsa Émile Éric Étienne Eugénie Fatima François "
    "Françoise Gaël Gaëtan Geneviève Gérard Grégoire Hélène Héloïse Inès Irène Jean-Noël Jérôme "
    "Joël Joséphine Karim Laëtitia Léa Léo Loïc Lucie Maëlle Maël Marie-Thérèse Mathéo Mélanie "
    "Michèle Moïse Naïma Nicolas Noé Noëlle Océane Odile Pénélope Quentin Rémi Régine Renée René "
    "Salomé Sébastien Sofia Stéphane Tanguy Thaïs Théo Thérèse Tiên Valérie Véronique Violette "
    "Xavier Yaël Yann Yasmine Zoé"
)
LAST_NAMES = (
    "Abadie Arnoux Aubé Bâton Belkacem Bérenger Bocquet Bréchet Cariou Cassagne Châtelain Cléret "
    "Courrège Dacunha Délépine Diallo Ducrocq Élouard Estève Fauchère Fénelon Fèvre Garrigou "
    "Gélinas Ginoux Guérin Hénaff Hoarau Îlot Jacquinot Jégou Kerléo Labbé Lacôte Lefèbvre Légaré "
    "Lemoël L’Hénoret Lévêque Mâchefer Maïga Maréchal Mérieux Montréal Nédélec N’Diaye "
    "Noël Ogé Pâris Péchard Pérès Pléven Quéméneur Rébillard Rivière Roÿ Saïdi Séverin Sicé "
    "Tête Thévenin Trésor Urrutia Vallée Vénard Villedieu Yildirim Zémire Zuñiga"
)
TOWNS = (
    ("99310", "Valbourg-sur-Orne"),
    ("99310", "Valbourg-sur-Orne"),
    ("99320", "Valbourg-sur-Orne"),
    ("99330", "Saint-Éloi-lès-Valbourg"),
    ("99340", "La Grève-aux-Hérons"),
)
CONSENTS = (
    ("stand du marché, bulletin papier", "voix-papier-1"),
    ("réunion publique, bulletin papier", "voix-papier-1"),
    ("formulaire du site", "voix-site-2"),
    ("porte-à-porte, tablette", "voix-site-2"),
)
FIRST_DAY = date(2025, 1, 6)

FAULTS: dict[int, dict[str, str]] = {
    58: {"telephone": "06 39 98 4"},
    131: {"telephone": "à demander"},
    204: {"telephone": "0800 00 00 00"},
    277: {"telephone": "0899 00 00 00"},
    350: {"telephone": "+44 7700 900123"},
    423: {"telephone": "01 99 00 12 34 poste 12"},
    496: {"telephone": "3615"},
    569: {"telephone": ""},
    642: {"telephone": "3,36E+10"},
    715: {"date_consentement": ""},
    788: {"date_consentement": "14/03/2062"},
    861: {"formulation": "voix-papier-9"},
}
"""Row, 1 being the first under the header -> what is wrong with it."""
DUPLICATE_ROW, DUPLICATED_ROW = 934, 17


def numbers(source: random.Random) -> Iterator[str]:
    """Fictional national numbers without their 0, none twice; two thirds are mobiles."""
    seen: set[str] = set()
    while True:
        start = MOBILE if source.random() < 2 / 3 else source.choice(LANDLINES)
        number = f"{start}{source.randrange(10_000):04}"
        if number not in seen:
            seen.add(number)
            yield number


def written(number: str, style: int) -> str:
    """A number as people write it."""
    pairs = [number[i : i + 2] for i in range(1, len(number), 2)]
    if style == 0:
        return " ".join(["0" + number[0], *pairs])
    if style == 1:
        return f"+33 {number[0]} " + " ".join(pairs)
    return ".".join(["0" + number[0], *pairs])


def person(row: int, number: str, source: random.Random) -> dict[str, str]:
    """One faultless row."""
    postcode, town = source.choice(TOWNS)
    consent_source, wording = source.choice(CONSENTS)
    day = FIRST_DAY + timedelta(days=source.randrange(350))
    return {
        "external_id": f"VO-{row:05}",
        "prenom": source.choice(FIRST_NAMES.split()),
        "nom": unicodedata.normalize("NFC", source.choice(LAST_NAMES.split())),
        "telephone": written(number, source.randrange(3)),
        "code_postal": postcode,
        "commune": town,
        "date_consentement": f"{day:%d/%m/%Y}",
        "source_consentement": consent_source,
        "formulation": wording,
    }


def people() -> list[dict[str, str]]:
    """All rows, the faulty ones among them."""
    source = random.Random(1999)  # noqa: S311 a fixed seed is the point
    fresh = numbers(source)
    rows = [person(row, next(fresh), source) for row in range(1, ROWS + 1)]
    for row, fault in FAULTS.items():
        rows[row - 1] |= fault
    rows[DUPLICATE_ROW - 1]["telephone"] = rows[DUPLICATED_ROW - 1]["telephone"]
    return rows


def write(path: Path) -> None:
    """Write the list as a French Excel does: semicolons, CRLF, UTF-8 with its mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADER, delimiter=";")
        writer.writeheader()
        writer.writerows(people())


if __name__ == "__main__":
    write(Path(__file__).with_name("contacts.csv"))
