"""`portevoix receipt`: everything a controller holds of one number, for the person who asks."""

import os
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from campaigns.errors import InvalidInput
from cli.console import as_json, note
from cli.lookup import one_controller
from cli.session import By, Controller, open_home
from operations.receipt import issue
from operations.receipt_parts import Receipt


class Shape(StrEnum):
    """In what form a receipt is given out."""

    TEXT = "text"
    JSON = "json"
    PDF = "pdf"


class Tongue(StrEnum):
    """In what language."""

    FRENCH = "fr"
    ENGLISH = "en"


def receipt(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Written in any French way.")],
    shape: Annotated[Shape, typer.Option("--format", help="In what form.")] = Shape.TEXT,
    tongue: Annotated[
        Tongue, typer.Option("--language", help="Of text and PDF; JSON has none.")
    ] = Tongue.FRENCH,
    to: Annotated[
        Path | None, typer.Option("--to", dir_okay=False, help="A file. Default: the output.")
    ] = None,
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Show everything that a controller holds of a number: lists, consent, calls, refusals.

    It is for the person whose number it is: nothing in it is masked. Who asked is kept.
    """
    if shape is Shape.PDF and to is None and sys.stdout.isatty():
        raise InvalidInput("--to", "a PDF is not for a terminal.", "Name a file.")
    workspace = open_home(ctx)
    owner = one_controller(workspace, controller)
    found = issue(workspace, owner, number, by, shape.value)
    if not found.contact:
        note(
            "The settings don't say how to reach this controller; the receipt can't either. "
            f'In portevoix.toml: [privacy.contacts] and a line "{found.controller}" = "…".'
        )
    _give_out(_made(found, shape, tongue), to)


def _made(found: Receipt, shape: Shape, tongue: Tongue) -> bytes:
    from api.language import language  # noqa: PLC0415 - what draws is loaded where it is used
    from api.receipt import pdf, text, words  # noqa: PLC0415

    if shape is Shape.JSON:
        return (as_json(asdict(found)) + "\n").encode()
    said = words.sheet_of(found, language(tongue.value))
    return pdf.drawn(said) if shape is Shape.PDF else text.written(said).encode()


def _give_out(content: bytes, to: Path | None) -> None:
    if to is None:
        typer.echo(content, nl=False)
        return
    opened = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
    note(f"Written to {to}, for this user's eyes alone.")
