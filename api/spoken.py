"""Checks and counts of people in words: the same for pages, the API and the command line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from babel import dates

from api.language import TIME_ZONE, Language
from campaigns.check import Check, Value
from campaigns.forecast import Day
from campaigns.money import Euros
from campaigns.readiness import ListReadiness, Readiness, Reason


@dataclass(frozen=True, slots=True)
class Told:
    """A check in one language.

    Attributes:
        subject, verdict: our names of them.
        about, word: the words for those.
        text: what was found.
        remedy: what to do; empty where nothing need be done.
    """

    subject: str
    verdict: str
    about: str
    word: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Unready:
    """So many people who may not be called, in one language.

    Attributes:
        gate: our name of what keeps them from being called.
        count: how many.
        why: in plain words.
        ask: what to ask the supplier for.
    """

    gate: str
    count: int
    why: str
    ask: str


@dataclass(frozen=True, slots=True)
class CalledDay:
    """A day of the calendar, in one language."""

    day: str
    begin: str
    end: str
    calls: int


def told(language: Language, checks: Iterable[Check]) -> list[Told]:
    """Checks as they are read."""
    return [
        Told(
            one.subject.value,
            one.verdict.value,
            language.word("subject", one.subject.value),
            language.word("verdict", one.verdict.value),
            _filled(language, one.said, one.values),
            _filled(language, one.remedy, one.values),
        )
        for one in checks
    ]


def unready(language: Language, one: ListReadiness, purpose: str) -> list[Unready]:
    """Who of a list may not be called, and what to ask its supplier for."""
    return [_unready(language, reason, one, purpose) for reason in one.reasons]


def unready_in_all(language: Language, found: Readiness) -> list[Unready]:
    """The same of all lists together."""
    suppliers = dict.fromkeys(one.supplier for one in found.lists)
    purposes = dict.fromkeys(purpose for one in found.lists for purpose in one.purposes)
    whole = ListReadiness(
        list_id=0,
        name="",
        supplier=", ".join(suppliers),
        purposes=tuple(purposes),
        contacts=found.contacts,
        reasons=found.reasons,
        refused={},
    )
    return unready(language, whole, found.purpose)


def calendar(language: Language, days: Iterable[Day]) -> list[CalledDay]:
    """Days of calling, by the clock of Paris."""
    return [
        CalledDay(
            dates.format_date(one.day, "EEEE d MMMM", locale=language.code),
            _time(language, one.begin),
            _time(language, one.end),
            one.calls,
        )
        for one in days
    ]


def shown(language: Language, value: Value) -> str:
    """A value as the language writes it."""
    match value:
        case Euros():
            return language.money(value.micros)
        case datetime():
            local = value.astimezone(TIME_ZONE)
            return dates.format_datetime(local, "EEEE d MMMM, HH:mm", locale=language.code)
        case date():
            return language.day(value)
        case str():
            return language.phone(value) if value.startswith("+") else value
        case int():
            return language.number(value)
    return language.number(round(value, 1))


def _filled(language: Language, template: str, values: Mapping[str, Value]) -> str:
    if not template:
        return ""
    said = language.translations.gettext(template)
    return said.format(**{name: shown(language, value) for name, value in values.items()})


def _unready(language: Language, reason: Reason, one: ListReadiness, purpose: str) -> Unready:
    words = {
        "supplier": one.supplier,
        "purpose": language.word("purpose", purpose),
        "purposes": ", ".join(language.word("purpose", name) for name in one.purposes),
    }
    return Unready(
        reason.gate.value,
        reason.count,
        language.word("cause", reason.cause.value).format(**words),
        language.word("ask", reason.cause.value).format(**words),
    )


def _time(language: Language, at: datetime) -> str:
    return dates.format_time(at.astimezone(TIME_ZONE), "HH:mm", locale=language.code)
