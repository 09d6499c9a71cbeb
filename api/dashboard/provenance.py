"""The form in which somebody says where a list comes from."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from api.dashboard.forms import text_of, texts_of
from api.schemas import ProvenanceValues
from operations.columns import CONTACT_FIELDS, Field
from operations.values import first_fault

PURPOSES = ("political", "public_info", "commercial", "emergency")
"""Those that have a word in both languages and a rule pack; another one can be typed."""

_WORDING = "wording:"
_COLUMN = "column:"


def provenance_of(form: FormData) -> ProvenanceValues:
    """What was declared.

    Raises:
        InvalidInput: names the field that is wrong.
    """
    others = (one.strip() for one in text_of(form, "other_purposes").split(","))
    values = {
        "name": text_of(form, "name"),
        "supplier": text_of(form, "supplier"),
        "method": text_of(form, "method"),
        "collected_on": text_of(form, "collected_on") or None,
        "purposes": [*texts_of(form, "purposes"), *filter(None, others)],
        "basis": text_of(form, "basis", "consent"),
        "wordings": wordings_of(form),
        "slot": text_of(form, "slot"),
        "consent_expires_on": text_of(form, "consent_expires_on") or None,
    }
    try:
        return ProvenanceValues.model_validate(values)
    except ValidationError as error:
        raise first_fault(error) from error


def wordings_of(form: FormData) -> dict[str, str]:
    """Texts that people agreed to, by the id that rows name them by."""
    found = {
        name.removeprefix(_WORDING): text_of(form, name)
        for name in form
        if name.startswith(_WORDING)
    }
    found[text_of(form, "wording_id")] = text_of(form, "wording_text")
    return {name: text for name, text in found.items() if name and text}


def mapping_of(form: FormData) -> dict[Field, str] | None:
    """Which column holds what, where the form says; None where it does not ask."""
    found = {
        one: text_of(form, f"{_COLUMN}{one.value}")
        for one in CONTACT_FIELDS
        if f"{_COLUMN}{one.value}" in form
    }
    return found or None


def typed(form: FormData) -> Mapping[str, Any]:
    """What was typed, to be shown again."""
    return {
        **{name: value for name, value in form.items() if isinstance(value, str)},
        "purposes": texts_of(form, "purposes"),
        "wordings": wordings_of(form),
    }
