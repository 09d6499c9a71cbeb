"""French and English: catalogues read from their sources, numbers and times as each writes them.

The `.po` files under `locales/` are read as they are, so there is nothing to compile and nothing
that can be out of date. A message of the layers below reaches here as finished English; it is found
by its text or, where it holds values, by the catalogue's `{named}` pattern of it.
"""

import gettext
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from campaigns.money import plain, to_euros

LANGUAGES = ("en", "fr")
"""The first one answers where nothing else is asked for."""

TIME_ZONE = ZoneInfo("Europe/Paris")
"""Times on the page are those of Paris; the API speaks UTC."""

_LOCALES = Path(__file__).resolve().parents[1] / "locales"
_PERCENT = {"en": "#,##0.0%", "fr": "#,##0.0\N{NARROW NO-BREAK SPACE}%"}
_WHOLE_PERCENT = {"en": "#,##0%", "fr": "#,##0\N{NARROW NO-BREAK SPACE}%"}
_EXACT = "#,##0.00####"
_HOLE = re.compile(r"\{(\w+)\}")


Patterns: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the product.

    Attributes:
        code: `fr` or `en`.
        translations: its catalogue.
        patterns: messages that hold values, as what they look like and what they become.
        sources: the same of where refusals are recorded.
    """

    code: str
    translations: gettext.NullTranslations
    patterns: Patterns = field(repr=False)
    sources: Patterns = field(repr=False)

    def say(self, text: str) -> str:
        """A message in this language; as it came where the catalogue does not know it."""
        said = self.translations.gettext(text) if text else ""
        if said != text:
            return said
        return self._fitted(text, self.patterns)

    def source(self, text: str) -> str:
        """Where a refusal is recorded. Apart from `say`: people write of their own in it."""
        return self._fitted(text, self.sources)

    def word(self, kind: str, name: str) -> str:
        """The word for one of our names: a state, an outcome, a gate, an action."""
        said = self.translations.pgettext(kind, name)
        return said if said != name else name.replace("_", " ")

    def number(self, value: float) -> str:
        """Grouped as the language groups digits."""
        return numbers.format_decimal(value, locale=self.code)

    def percent(self, share: float | None) -> str:
        """A share of one as a percentage with one decimal; a dash for none."""
        if share is None:
            return "–"
        return numbers.format_percent(share, format=_PERCENT[self.code], locale=self.code)

    def whole_percent(self, share: float) -> str:
        """A share of one as a percentage without decimals."""
        return numbers.format_percent(share, format=_WHOLE_PERCENT[self.code], locale=self.code)

    def instant(self, at: datetime | None, now: datetime | None = None) -> str:
        """An instant in Paris, without its day where that is today's; a dash for none."""
        if at is None:
            return "–"
        local = at.astimezone(TIME_ZONE)
        if now is not None and now.astimezone(TIME_ZONE).date() == local.date():
            return dates.format_time(local, "HH:mm", locale=self.code)
        return dates.format_datetime(local, "d MMM y, HH:mm", locale=self.code)

    def clock(self, at: datetime) -> str:
        """The time of day in Paris, `14:05`."""
        return dates.format_time(at.astimezone(TIME_ZONE), "HH:mm", locale=self.code)

    def seconds(self, length: float | None) -> str:
        """Seconds with one decimal and their unit; a dash for none."""
        return "–" if length is None else f"{self.number(round(length, 1))}\N{NO-BREAK SPACE}s"

    def day(self, on: date | None) -> str:
        """A day, or the day in Paris of an instant; a dash for none."""
        if on is None:
            return "–"
        here = on.astimezone(TIME_ZONE) if isinstance(on, datetime) else on
        return dates.format_date(here, "d MMMM y", locale=self.code)

    def money(self, micros: int) -> str:
        """Micro-euros, to the cent, as the language writes sums."""
        return numbers.format_currency(to_euros(micros), "EUR", locale=self.code)

    def euros(self, micros: int) -> str:
        """Micro-euros in euros, exact, without the sign: for accounts, where sums must add up."""
        return numbers.format_decimal(to_euros(micros), _EXACT, locale=self.code)

    def sum_typed(self, micros: int | None) -> str:
        """Micro-euros as somebody would type them, exact; nothing for none."""
        return "" if micros is None else plain(micros).replace(".", self.decimal_mark)

    @property
    def decimal_mark(self) -> str:
        """Between a whole number and its decimals."""
        return str(numbers.get_decimal_symbol(self.code))

    def phone(self, number: str) -> str:
        """A French E.164 number in groups, the way it is read aloud."""
        country, rest = number[:3], number[3:]
        if country != "+33" or len(rest) != 9:
            return number
        pairs = " ".join(rest[place : place + 2] for place in range(1, 9, 2))
        return f"{country} {rest[0]} {pairs}".replace(" ", "\N{NO-BREAK SPACE}")

    def duration(self, length: timedelta | None) -> str:
        """Hours, minutes and seconds; a dash for none."""
        if length is None:
            return "–"
        minutes, seconds = divmod(round(length.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
        shown = [f"{value} {unit}" for value, unit in parts if value]
        return " ".join(shown[:2]) or "0 s"

    def _fitted(self, text: str, patterns: Patterns) -> str:
        for pattern, template in patterns:
            if found := pattern.fullmatch(text):
                return template.format(**self._words(found))
        return text

    def _words(self, found: re.Match[str]) -> dict[str, str]:
        return {kind: self.translations.pgettext(kind, name) for kind, name in
                found.groupdict().items()}  # fmt: skip


@cache
def language(code: str) -> Language:
    """One of `LANGUAGES`."""
    with (_LOCALES / code / "LC_MESSAGES" / "portevoix.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    patterns, sources = (tuple(_patterns(_templates(catalogue, one))) for one in ("", "source"))
    return Language(code, gettext.GNUTranslations(compiled), patterns, sources)


def _templates(catalogue: Catalog, context: str) -> dict[str, str]:
    found = (one for one in catalogue if one.string and (one.context or "") == context)
    return {str(one.id): str(one.string) for one in found}


def choose(accepted: str, chosen: str | None = None) -> Language:
    """The language for an `Accept-Language` header (RFC 9110, 12.5.4) and somebody's own choice."""
    if chosen in LANGUAGES:
        return language(chosen)
    ranked = sorted(_ranges(accepted), key=lambda one: -one[1])
    wanted = (tag.split("-")[0].lower() for tag, quality in ranked if quality > 0)
    return language(next((tag for tag in wanted if tag in LANGUAGES), LANGUAGES[0]))


def _ranges(accepted: str) -> Iterator[tuple[str, float]]:
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            yield tag, float(weight or 1)
        except ValueError:
            continue


def _patterns(templates: dict[str, str]) -> Iterator[tuple[re.Pattern[str], str]]:
    # The one that says most itself first: «at least {n}» also fits «at least one of {n}».
    for source in sorted(templates, key=lambda one: -len(_HOLE.sub("", one))):
        if _HOLE.search(source):
            pieces = _HOLE.split(source)
            pattern = "".join(
                f"(?P<{piece}>.+?)" if place % 2 else re.escape(piece)
                for place, piece in enumerate(pieces)
            )
            yield re.compile(pattern, re.DOTALL), templates[source]
