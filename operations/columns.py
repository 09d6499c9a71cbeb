"""What the columns of an uploaded list mean: guessed from their names, or stated."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from campaigns.errors import InvalidInput


class Field(StrEnum):
    """What Porte-voix knows how to use. Any other column is kept as an attribute."""

    PHONE = "phone"
    EXTERNAL_ID = "external_id"
    CONSENT_DATE = "consent_date"
    CONSENT_SOURCE = "consent_source"
    WORDING_ID = "wording_id"
    CONSENT_SLOT = "consent_slot"
    CONSENT_EXPIRES_ON = "consent_expires_on"
    WITHDRAWN_ON = "withdrawn_on"
    TIMEZONE = "timezone"
    POSTCODE = "postcode"
    COMMUNE = "commune"
    INSEE = "insee"
    STATION = "station"
    CONSTITUENCY = "constituency"
    REASON = "reason"
    ASKED_ON = "asked_on"
    EXPIRES_ON = "expires_on"


CONTACT_FIELDS = (
    Field.PHONE,
    Field.EXTERNAL_ID,
    Field.CONSENT_DATE,
    Field.CONSENT_SOURCE,
    Field.WORDING_ID,
    Field.CONSENT_SLOT,
    Field.CONSENT_EXPIRES_ON,
    Field.WITHDRAWN_ON,
    Field.TIMEZONE,
    Field.POSTCODE,
    Field.COMMUNE,
    Field.INSEE,
    Field.STATION,
)
PLACE_FIELDS = (
    Field.POSTCODE,
    Field.COMMUNE,
    Field.INSEE,
    Field.STATION,
    Field.CONSTITUENCY,
)
SUPPRESSION_FIELDS = (Field.PHONE, Field.REASON, Field.ASKED_ON, Field.EXPIRES_ON)

# The best guess first: where a list has a mobile and a landline column, the mobile is the person's.
_NAMES: dict[Field, str] = {
    Field.PHONE: (
        "mobile portable tel_mobile tel_portable telephone_mobile telephone_portable "
        "numero_mobile numero_portable num_portable mobile_phone phone_mobile mobile_number "
        "cell cellphone gsm telephone tel phone phone_number phonenumber telephone_number "
        "numero_de_telephone numero_telephone numero_tel num_telephone num_tel no_telephone "
        "no_tel n_telephone n_de_telephone telephone1 telephone_1 tel1 tel_1 phone1 phone_1 "
        "numero number num e164 msisdn telephone_fixe tel_fixe fixe landline"
    ),
    Field.EXTERNAL_ID: (
        "external_id externalid id_externe identifiant_externe id identifiant id_contact "
        "contact_id identifiant_contact reference ref matricule numero_adherent num_adherent"
    ),
    Field.CONSENT_DATE: (
        "consent_date date_consentement date_de_consentement date_du_consentement consented_on "
        "consent_on consent_at consented_at consentement_date date_consent optin_date "
        "date_optin opt_in_date date_opt_in date_accord"
    ),
    Field.CONSENT_SOURCE: (
        "consent_source source_consentement source_du_consentement origine_consentement "
        "origine_du_consentement consentement_source optin_source opt_in_source source_optin "
        "source_opt_in source origine provenance"
    ),
    Field.WORDING_ID: (
        "wording_id wording formulation formulation_id id_formulation texte_consentement "
        "mention_consentement consent_wording consent_text_id version_texte"
    ),
    Field.CONSENT_SLOT: (
        "consent_slot slot time_slot call_slot creneau creneau_horaire creneau_d_appel "
        "creneau_consentement plage_horaire plage_d_appel horaire_d_appel horaires_d_appel"
    ),
    # Only names that speak of consent: other dates of a list end a membership, or a newsletter.
    Field.CONSENT_EXPIRES_ON: (
        "consent_expires_on consent_expiry consent_expires_at consent_until "
        "date_fin_consentement fin_consentement date_de_fin_du_consentement "
        "expiration_consentement date_expiration_consentement consentement_jusqu_au"
    ),
    Field.WITHDRAWN_ON: (
        "withdrawn_on withdrawn_at consent_withdrawn_on consent_withdrawn_at withdrawal_date "
        "date_retrait date_de_retrait retrait_consentement date_retrait_consentement "
        "date_de_retrait_du_consentement retire_le consentement_retire_le"
    ),
    Field.TIMEZONE: "timezone time_zone tz fuseau fuseau_horaire",
    Field.POSTCODE: "postcode post_code postal_code zip zipcode zip_code code_postal codepostal cp",
    Field.COMMUNE: (
        "commune nom_commune libelle_commune ville nom_ville city town localite municipality"
    ),
    Field.INSEE: (
        "insee code_insee codeinsee insee_code code_insee_commune code_insee_de_la_commune "
        "code_commune code_commune_insee citycode"
    ),
    Field.STATION: (
        "station polling_station bureau_de_vote code_bureau_de_vote code_bureau "
        "numero_bureau_de_vote num_bureau bureau_vote bv code_bv"
    ),
    Field.CONSTITUENCY: (
        "constituency circonscription circo code_circonscription nom_circonscription "
        "circonscription_legislative circonscription_electorale canton"
    ),
    Field.REASON: "reason raison motif cause",
    Field.ASKED_ON: "asked_on date date_demande date_de_demande date_opposition created_at",
    Field.EXPIRES_ON: (
        "expires_on expires_at expiry expiration date_expiration date_d_expiration jusqu_au "
        "until date_fin fin"
    ),
}


class Columns:
    """Where each known field stands in a row, and what the other columns are called.

    Args:
        header: the first row.
        places: the fields that were found, by column.
        stated: those of them that the user named.
    """

    def __init__(
        self, header: Sequence[str], places: Mapping[Field, int], stated: Collection[Field] = ()
    ) -> None:
        self.names = unique_names(header)
        self.places = dict(places)
        self.stated = frozenset(stated)
        self.others = tuple(
            (place, name)
            for place, name in enumerate(self.names)
            if place not in self.places.values()
        )

    def name_of(self, field: Field) -> str:
        """The user's name for a field's column, or ours where the file has none."""
        place = self.places.get(field)
        return field.value if place is None else self.names[place]

    def mapping(self, wanted: Sequence[Field]) -> dict[str, str]:
        """What `match_columns` must be given to find the same; empty for a field without one."""
        return {one.value: self.name_of(one) if one in self.places else "" for one in wanted}

    def index(self, field: Field) -> int:
        """The field's place, or one past the last column where the file has none."""
        return self.places.get(field, len(self.names))


def match_columns(
    header: Sequence[str],
    wanted: Sequence[Field],
    mapping: Mapping[Field, str] | None = None,
) -> Columns:
    """Find the wanted fields in a header.

    Args:
        header: the first row.
        wanted: the fields that have a meaning here.
        mapping: the user's own choice for some fields, by column name; an empty name says that
            the file has no such column. The rest is guessed.

    Raises:
        InvalidInput: there is no column of numbers, or the mapping names a column that is not
            there.
    """
    places = {field: _stated(header, name) for field, name in (mapping or {}).items()}
    for field in wanted:
        if field not in places:
            places[field] = _guessed(header, field, taken=set(places.values()))
    found = {field: place for field, place in places.items() if place is not None}
    if Field.PHONE in wanted and Field.PHONE not in found:
        raise InvalidInput(
            "header",
            f"no column looks like a telephone number among: {_listed(header)}.",
            "Name it telephone, or say which column it is.",
        )
    return Columns(header, found, stated=mapping or {})


def guesses_phone(header: Sequence[str]) -> bool:
    """Whether a column of numbers can be found by its name."""
    return _guessed(header, Field.PHONE, taken=set()) is not None


def _stated(header: Sequence[str], name: str) -> int | None:
    if not name:
        return None
    names = unique_names(header)
    if name.strip() in names:
        return names.index(name.strip())
    raise InvalidInput(
        "mapping", f"the file has no column «{name}».", f"It has: {_listed(header)}."
    )


def _guessed(header: Sequence[str], field: Field, taken: set[int | None]) -> int | None:
    plain = [_plain(name) for name in header]
    for name in _NAMES[field].split():
        if name in plain and plain.index(name) not in taken:
            return plain.index(name)
    return None


def _plain(name: str) -> str:
    """A column name without accents, capitals and punctuation: `N° de téléphone` is n_de_..."""
    letters = unicodedata.normalize("NFKD", name.replace("°", " ")).casefold()
    kept = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", kept).strip("_")


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names as they are kept: without blanks, none empty, none twice."""
    names: dict[str, None] = {}
    for place, column in enumerate(header, start=1):
        name = column.replace("\0", "").strip() or f"column {place}"
        while name in names:
            name = f"{name} ({place})"
        names[name] = None
    return tuple(names)


def _listed(header: Sequence[str]) -> str:
    shown = [name.strip()[:40] or "(empty)" for name in header[:12]]
    return ", ".join(shown) + (", ..." if len(header) > len(shown) else "")
