"""Reading a carrier's invoice: a CSV with a number, a start, seconds and a price in each row."""

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput
from campaigns.invoice import Billed
from campaigns.money import to_micros
from store.spending import DAYS_OF

_NAMES = {
    "number": ("number", "numero", "destination", "called", "appele"),
    "start": ("start", "date", "debut", "answered_at", "horodatage"),
    "seconds": ("seconds", "secondes", "duration", "duree"),
    "price": ("price", "prix", "cost", "cout", "montant", "amount"),
}
"""What carriers call each column, the plainest name first."""

_DATES = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S")


def read_invoice(path: Path) -> list[Billed]:
    """The calls of an invoice, in its order.

    Instants without an offset are those of Paris; a price may be written with a comma.

    Raises:
        InvalidInput: names the line that is wrong, and why.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=_delimiter(first))
            places = _places(next(rows, []))
            return list(_calls(rows, places))
    except UnicodeDecodeError as error:
        raise InvalidInput(str(path), "it is not UTF-8.", "Save it as CSV UTF-8.") from error


def _delimiter(header: str) -> str:
    return max(";,\t", key=header.count)


def _places(header: Sequence[str]) -> dict[str, int]:
    """Which column holds what."""
    known = [_bare(name) for name in header]
    found: dict[str, int] = {}
    for field, names in _NAMES.items():
        places = [known.index(name) for name in names if name in known]
        if not places:
            raise InvalidInput(
                "header", f"no column is named {field}.", f"Name one of them {', '.join(names)}."
            )
        found[field] = places[0]
    return found


def _bare(text: str) -> str:
    """Without accents, in lower case."""
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def _calls(rows: Iterator[list[str]], places: Mapping[str, int]) -> Iterator[Billed]:
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(places.values()):
            raise InvalidInput(f"line {line}", "it has fewer cells than the header.")
        cells = {field: row[place].strip() for field, place in places.items()}
        yield Billed(
            number=_number(line, cells["number"]),
            start=_start(line, cells["start"]),
            seconds=_seconds(line, cells["seconds"]),
            cost=_price(line, cells["price"]),
            line=line,
        )


def _number(line: int, text: str) -> str:
    """A number as the dialer knows it: carriers leave out the plus sign or the zeros before it."""
    bare = text.lstrip("'").replace(" ", "")
    if bare.isdecimal() and not bare.startswith("0"):
        bare = f"+{bare}"
    try:
        return parse(bare).e164
    except InvalidInput as error:
        raise InvalidInput(f"line {line}, number", error.why, error.remedy) from error


def _start(line: int, text: str) -> datetime:
    for form in (None, *_DATES):
        with suppress(ValueError):
            found = _instant(text, form)
            return (found if found.tzinfo else found.replace(tzinfo=DAYS_OF)).astimezone(UTC)
    raise InvalidInput(
        f"line {line}, start", f"«{text}» is no instant.", "Write it as 2026-01-31 18:05:09."
    )


def _instant(text: str, form: str | None) -> datetime:
    """Of a form, or of ISO 8601."""
    if form is None:
        return datetime.fromisoformat(text)
    return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is given after


def _seconds(line: int, text: str) -> int:
    """Seconds, or minutes and hours before them."""
    parts = text.split(":")
    if len(parts) > 3 or not all(part.isdecimal() for part in parts):
        raise InvalidInput(
            f"line {line}, seconds", f"«{text}» is no duration.", "Write seconds, or 00:01:07."
        )
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total


def _price(line: int, text: str) -> int:
    bare = text.replace("€", "").replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
    try:
        return to_micros(Decimal(bare.replace(",", ".")))
    except (InvalidOperation, ValueError) as error:
        raise InvalidInput(
            f"line {line}, price", f"«{text}» is no sum in euros.", "Write it as 0.0123."
        ) from error
