"""Words of sensitive criteria, French and English, in lower case and without accents.

`STARTS` are beginnings of words, `WORDS` whole words (or several in a row), wherever they stand in
a text; `EXACT` are texts of which nothing else may be part, as they are short or mean other things
too. docs/segments.md lists them all.
"""

from collections.abc import Mapping
from enum import StrEnum


class Category(StrEnum):
    """What a criterion tells of."""

    POLITICS = "political opinion"
    RELIGION = "religion or belief"
    ORIGIN = "origin"
    HEALTH = "health"
    UNION = "trade union membership"
    SEXUALITY = "sex life or sexual orientation"
    NAME = "a person's name, from which origin and religion are guessed"


def _split(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(","))


STARTS: Mapping[Category, frozenset[str]] = {
    Category.POLITICS: _split(
        "politi, electeur, voter, votant, militan, sympathisan, sympathiz, gauchist, socialis, "
        "communis, ecologist, gaullis, macronist, lepenist, melenchonist, zemmour, centrist, "
        "conservateur, conservative, republicain, royalis, anarchis, nationalis, souverainis, "
        "fascis"
    ),
    Category.RELIGION: _split(
        "religi, croyan, catholi, protestan, evangeli, orthodox, chretien, christian, musulman, "
        "muslim, moslem, islam, juif, juive, jewish, judai, israelite, bouddhis, buddhis, hindou, "
        "hindu, sikh, athee, atheis, agnosti, laicis, confession, paroiss, parish, mosque, "
        "synagog, eglise, church, halal, kasher, casher, kosher, ramadan, bapteme, baptis, "
        "philosophi, freemason, mormon, jehovah"
    ),
    Category.ORIGIN: _split(
        "ethni, racial, nationali, immigr, migrant, etranger, foreign, maghreb, africain, african, "
        "antillais, asiati, asian, arab, berber, kabyle, gitan, tsigan, gypsy, algeri, maroc, "
        "moroc, tunisi, portugais, indigene, ancestr, caucasian, latino, hispani"
    ),
    Category.HEALTH: _split(
        "sante, health, malad, disease, illness, medic, handicap, disab, patholog, diabet, cancer, "
        "invalidit, diagnos, allerg, psychiatr, depress, vaccin, hospitalis, hospitaliz, "
        "seropositi, enceinte, pregnan, grossesse, alcool, alcohol, addict, obes, genetic, "
        "genetiq, biometri"
    ),
    Category.UNION: _split("syndi, unionis"),
    Category.SEXUALITY: _split(
        "sexu, homosex, heterosex, bisex, lesbien, lesbian, lgbt, transgenr, transgend, transsex, "
        "queer"
    ),
    Category.NAME: _split("prenom, patronym, surname, firstname, lastname, forename"),
}

WORDS: Mapping[Category, frozenset[str]] = {
    Category.POLITICS: _split(
        "vote, votes, electrice, electrices, opinion, opinions, ideologie, ideology, parti, "
        "encarte, encartes, left wing, right wing, extreme droite, extreme gauche, far right, "
        "far left, de gauche, de droite, rassemblement national, front national, "
        "les republicains, france insoumise, europe ecologie, les verts, reconquete, "
        "mouvement democrate, labour party, tory, tories, democrats, republicans"
    ),
    Category.RELIGION: _split(
        "foi, faith, culte, cultes, worship, belief, beliefs, pratiquant, pratiquants, "
        "practising, imam, rabbin, rabbi, pretre, priest, franc macon, francs macons"
    ),
    Category.ORIGIN: _split(
        "origine, origines, origin, origins, race, races, couleur de peau, skin color, "
        "skin colour, noir, noirs, black, rom, roms, roma, lieu de naissance, pays de naissance, "
        "ville de naissance, commune de naissance, birthplace, place of birth, country of birth, "
        "langue maternelle, mother tongue, native language, citizenship, citoyennete, turc, turcs, "
        "turkish, chinois, chinese, comorien, comoriens, malien, maliens, senegalais"
    ),
    Category.HEALTH: _split(
        "vih, hiv, sida, aids, ald, mdph, aah, imc, bmi, patient, patients, groupe sanguin, "
        "blood type, adn, dna"
    ),
    Category.UNION: _split(
        "trade union, trade unions, labor union, labour union, union member, cgt, cfdt, cfe cgc, "
        "cftc, unsa, fsu, sud solidaires, force ouvriere, fnsea, confederation paysanne"
    ),
    Category.SEXUALITY: _split("gay, gays, gai, bi, sex life, vie sexuelle"),
    Category.NAME: _split(
        "first name, last name, family name, given name, nom de famille, nom de naissance, "
        "nom de jeune fille, maiden name"
    ),
}

EXACT: Mapping[Category, frozenset[str]] = {
    Category.POLITICS: _split(
        "gauche, droite, left, right, rn, fn, lfi, ps, pcf, lr, ump, modem, eelv, lrem, npa, lo, "
        "dlf, udi, renaissance, horizons"
    ),
    Category.RELIGION: frozenset(),
    Category.ORIGIN: _split("blanc, blancs, white, metis"),
    Category.HEALTH: frozenset(),
    Category.UNION: _split("union, unions, fo, solidaires"),
    Category.SEXUALITY: _split("trans"),
    Category.NAME: _split("nom, noms, name, names, fullname, full name, nom complet, nom prenom"),
}
