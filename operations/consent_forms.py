"""Opening, rewording and closing consent forms. Each feeds an ordinary list of its controller."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from campaigns.contacts.basis import Provenance
from campaigns.contacts.slot import read_slot
from campaigns.errors import InvalidInput, NotFound
from operations.consent_form import LANGUAGES, ConsentForm, locked
from store import audit, controllers, lists
from store import consent_forms as kept
from store.engine import writing

METHOD = "web form"
"""How the people of a form's list were asked."""

MOST_SLOTS = 12
MOST_PURPOSES = 20
LONGEST_WORDING = 4000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class NewForm:
    """What a form is to be.

    Attributes:
        name: for those who look after it; also the list's.
        purposes: all of them are agreed to at once; make a form for each where people may choose.
        wordings: language -> exact text.
        slots: hours of which people must choose one; none to ask for none.
        slug: its address; one that nobody can guess where empty.
    """

    name: str
    purposes: Sequence[str]
    wordings: Mapping[str, str]
    slots: Sequence[str] = ()
    slug: str = ""


def create(engine: Engine, controller_id: int, asked: NewForm, by: str) -> ConsentForm:
    """Open a form for a controller, and the list that it feeds.

    Raises:
        InvalidInput: something of what is asked makes no form.
    """
    slug, texts = asked.slug or secrets.token_hex(8), _texts(asked.wordings)
    slots, now = _slots(asked.slots), datetime.now(UTC)
    if not asked.name.strip():
        raise InvalidInput("name", "it is empty.", "Name the form, for those who look after it.")
    with writing(engine) as connection:
        _check_slug(connection, slug)
        list_id = _make_list(connection, controller_id, asked, slug, by)
        name = asked.name.strip()
        kept.add(connection, controller_id, list_id, slug, name, slots, by, now)
        form = locked(connection, slug)
        detail = {"slug": slug, "list": list_id, "purposes": list(form.purposes), "slots": slots}
        _record(connection, form, by, "consent_form.create", detail)
        for language, text in texts.items():
            _word(connection, form, language, text, by)
        return locked(connection, slug)


def reword(
    engine: Engine, controller_id: int, slug: str, wordings: Mapping[str, str], by: str
) -> ConsentForm:
    """Show another text from now on; the languages that are not named keep theirs.

    A text that is shown already stays the version it is.

    Raises:
        NotFound: this controller has no such form.
        InvalidInput: a text is none.
    """
    texts = _texts(wordings)
    with writing(engine) as connection:
        form = _own(connection, controller_id, slug)
        for language, text in texts.items():
            known = form.in_force.get(language)
            if known is None or known.text != text:
                _word(connection, form, language, text, by)
        return locked(connection, slug)


def close(engine: Engine, controller_id: int, slug: str, by: str) -> ConsentForm:
    """Take no agreement any more; people can still withdraw there. Twice does no harm.

    Raises:
        NotFound: this controller has no such form.
    """
    with writing(engine) as connection:
        form = _own(connection, controller_id, slug)
        if form.closed_at is None:
            kept.close(connection, form.id, datetime.now(UTC))
            _record(connection, form, by, "consent_form.close", {"slug": slug})
        return locked(connection, slug)


def _own(connection: Connection, controller_id: int, slug: str) -> ConsentForm:
    form = locked(connection, slug)
    if form.controller_id != controller_id:
        raise NotFound(f"There is no consent form «{slug}».")
    return form


def _make_list(
    connection: Connection, controller_id: int, asked: NewForm, slug: str, by: str
) -> int:
    """An ordinary list, whole from the start, into which the form's people go."""
    supplier = controllers.name_of(connection, controller_id)
    provenance = Provenance(supplier, METHOD, None, tuple(asked.purposes[:MOST_PURPOSES]), {})
    source = f"consent form {slug}"
    list_id = lists.create(
        connection, controller_id, asked.name.strip(), source, _sha256(source), provenance, by,
        datetime.now(UTC),
    )  # fmt: skip
    lists.finish(connection, list_id)
    return list_id


def _word(connection: Connection, form: ConsentForm, language: str, text: str, by: str) -> None:
    """Give a form another text in a language, as its next version."""
    known = form.in_force.get(language)
    version, sha256 = (known.version if known else 0) + 1, _sha256(text)
    now = datetime.now(UTC)
    kept.add_wording(connection, form.id, language, version, text, sha256, by, now)
    key = f"{language}-{version}"
    kept.define(connection, form.list_id, key, text)
    _record(connection, form, by, "consent_form.word", {"wording": key, "sha256": sha256})


def _record(
    connection: Connection, form: ConsentForm, by: str, act: str, detail: dict[str, Any]
) -> None:
    subject = f"consent form {form.id}"
    audit.record(connection, datetime.now(UTC), by, act, subject, form.controller_id, detail)


def _check_slug(connection: Connection, slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise InvalidInput(
            "slug",
            f"«{slug}» is no address.",
            "Write 3 to 64 small letters, digits and hyphens, with no hyphen at either end.",
        )
    if kept.is_taken(connection, slug):
        raise InvalidInput(
            "slug", f"«{slug}» is or was the address of another form.", "Choose another."
        )


def _texts(wordings: Mapping[str, str]) -> dict[str, str]:
    found = {language: text.strip() for language, text in wordings.items()}
    if not found or not all(found.values()):
        raise InvalidInput(
            "wordings", "there is no text to agree to.", "Give it in French, in English or in both."
        )
    for language, text in found.items():
        if language not in LANGUAGES:
            raise InvalidInput("wordings", f"«{language}» is none of: {', '.join(LANGUAGES)}.")
        if len(text) > LONGEST_WORDING or "\0" in text:
            raise InvalidInput("wordings", f"a text has at most {LONGEST_WORDING} signs.")
    return found


def _slots(slots: Sequence[str]) -> list[str]:
    if len(slots) > MOST_SLOTS:
        raise InvalidInput("slots", f"there are more than {MOST_SLOTS}.", "Offer fewer.")
    return [str(read_slot(one)) for one in slots]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
