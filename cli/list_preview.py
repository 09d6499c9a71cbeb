"""`portevoix contacts preview`: a look at a list before it is imported."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from campaigns.errors import InvalidInput
from cli.console import as_json, note, row, say, show, table
from cli.session import AsJson
from operations.columns import CONTACT_FIELDS, Field
from operations.preview_list import MOST_ROWS, Preview, PreviewContact, preview_list

Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="FIELD=NAME, where a column is not found by name. Repeatable."),
]


def preview(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    rows: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many.")] = 20,
    column: Columns = None,
    json: AsJson = False,
) -> None:
    """Show what an import would make of a file's columns and first rows; nothing is kept."""
    with file.open("rb") as stream:
        found = preview_list(stream, mapping=mapping_of(column or []), count=rows)
    if json:
        say(as_json(asdict(found)))
    else:
        _show(found)


def mapping_of(stated: list[str]) -> dict[Field, str]:
    """The columns that a user names, as FIELD=NAME.

    Raises:
        InvalidInput: there is no such field, or something is no pair.
    """
    found = {}
    for text in stated:
        field, sign, name = text.partition("=")
        if not sign or field not in CONTACT_FIELDS:
            known = ", ".join(CONTACT_FIELDS)
            raise InvalidInput(
                "--column", f"«{text}» names no field.", f"Write FIELD=NAME; fields: {known}."
            )
        found[Field(field)] = name
    return found


def _show(found: Preview) -> None:
    say(found.read_as)
    columns = table("column", "taken for", "why")
    for one in found.columns:
        row(columns, one.name, one.field or "–", one.reason)
    show(columns)
    for missing in found.missing:
        say(f"no {missing.field}: {missing.consequence}")
    _show_rows(found)
    if found.more:
        note("Further rows were not looked at.")


def _show_rows(found: Preview) -> None:
    made = table("line", "number", "becomes", right=("line",))
    lines = {one.line: (one.number, _kept(one)) for one in found.contacts}
    lines |= {
        one.line: (one.value, f"refused, {one.field or 'row'}: {one.reason} {one.remedy}")
        for one in found.rejects
    }
    for line, (number, becomes) in sorted(lines.items()):
        row(made, line, number, becomes)
    show(made)


def _kept(contact: PreviewContact) -> str:
    consent = (contact.consented_on, contact.consent_source, contact.wording_id)
    proof = ", ".join(str(one) for one in consent if one)
    return "; ".join(
        [
            f"contact, {contact.kind}, {' and '.join(contact.zones)}",
            *([f"consent: {proof}"] if proof else []),
            *_terms(contact),
        ]
    )


def _terms(contact: PreviewContact) -> Iterator[str]:
    if contact.slot:
        yield f"to be called {contact.slot}"
    if contact.consent_expires_on:
        yield f"until {contact.consent_expires_on}"
    if contact.withdrawn_on:
        yield f"withdrawn on {contact.withdrawn_on}"
