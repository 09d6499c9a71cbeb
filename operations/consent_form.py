"""A consent form: a public page on which people agree to be called by one controller.

The exact text that people agree to has a version; the old ones are kept, since consent is proved by
the text that was shown (GDPR art. 7.1).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from campaigns.contacts.slot import Slot, read_slot
from campaigns.errors import InvalidInput
from store import consent_forms as kept
from store.engine import reading

LANGUAGES = ("fr", "en")
"""Languages in which a form can show its text; the first one it has answers for the others."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that people agree to.

    Attributes:
        id: of its row.
        language: `fr` or `en`.
        version: 1, 2, 3 of that language.
        text: exactly as it is shown.
        sha256: of the text in UTF-8.
    """

    id: int
    language: str
    version: int
    text: str
    sha256: str

    @property
    def key(self) -> str:
        """Its id within the form, such as `fr-2`."""
        return f"{self.language}-{self.version}"


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """One form.

    Attributes:
        controller: its controller's name.
        list_id: the list that it feeds.
        slug: its address is `/consent/` and this.
        name: for those who look after it.
        purposes: what people agree to be called for.
        slots: hours to choose from; none where the form does not ask.
        people: who are in its list.
        wordings: every text, by language, the oldest first.
        closed_at: since when it takes no agreement; None while it does.
    """

    id: int
    controller_id: int
    controller: str
    list_id: int
    slug: str
    name: str
    purposes: tuple[str, ...]
    slots: tuple[Slot, ...]
    people: int
    wordings: tuple[Wording, ...]
    created_at: datetime
    closed_at: datetime | None

    @property
    def in_force(self) -> dict[str, Wording]:
        """The text that is shown in each language."""
        return {one.language: one for one in self.wordings}

    def wording(self, language: str) -> Wording:
        """The text shown in a language; another's where it has none in that one."""
        texts = self.in_force
        return texts.get(language) or next(texts[one] for one in LANGUAGES if one in texts)

    def shown(self, key: str) -> Wording:
        """The text of that id.

        Raises:
            InvalidInput: it is not shown any more.
        """
        for one in self.in_force.values():
            if one.key == key:
                return one
        raise InvalidInput(
            "agreed",
            "The text has changed since the page was opened.",
            "Read it again, and tick the box if you agree.",
        )


def at(engine: Engine, slug: str) -> ConsentForm:
    """The form at an address, whosever it is.

    Raises:
        NotFound: there is none.
    """
    with reading(engine) as connection:
        return form_of(connection, kept.by_slug(connection, slug))


def of_controller(engine: Engine, controller_id: int) -> list[ConsentForm]:
    """Every form of a controller, newest first."""
    with reading(engine) as connection:
        rows = kept.all_of(connection, controller_id)
        return [form_of(connection, row) for row in rows]


def locked(connection: Connection, slug: str) -> ConsentForm:
    """The form at an address, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    return form_of(connection, kept.by_slug(connection, slug, locked=True))


def form_of(connection: Connection, row: dict[str, Any]) -> ConsentForm:
    """A form from its row, with its wordings."""
    texts = kept.wordings(connection, row["id"])
    return ConsentForm(
        id=row["id"],
        controller_id=row["controller_id"],
        controller=row["controller"],
        list_id=row["list_id"],
        slug=row["slug"],
        name=row["name"],
        purposes=tuple(row["purposes"]),
        slots=tuple(map(read_slot, row["slots"])),
        people=row["accepted"],
        wordings=tuple(
            Wording(one["id"], one["language"], one["version"], one["text"], one["sha256"])
            for one in texts
        ),
        created_at=row["created_at"],
        closed_at=row["closed_at"],
    )
