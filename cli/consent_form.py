"""`portevoix consent-form`: public pages on which people agree to be called."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli import lookup
from cli.console import as_json, figure, local, note, row, say, show, table
from cli.lookup import one_controller
from cli.session import AsJson, By, Controller, controller_of, open_home
from operations import consent_forms
from operations.consent_form import ConsentForm, of_controller
from operations.consent_forms import NewForm
from operations.consent_proof import Proof, proofs

app = typer.Typer(no_args_is_help=True, help="Public pages on which people agree to be called.")

French = Annotated[str, typer.Option("--fr", metavar="TEXT", help="The text agreed to, in French.")]
English = Annotated[str, typer.Option("--en", metavar="TEXT", help="The same in English.")]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The end of its address.")]


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="For those who look after it; also its list's.")],
    purpose: Annotated[list[str], typer.Option(help="What for, such as political. Repeatable.")],
    fr: French = "",
    en: English = "",
    slot: Annotated[
        list[str] | None, typer.Option(help="Hours to choose from: 18:00-20:00. Repeatable.")
    ] = None,
    slug: Annotated[
        str, typer.Option(help="The end of its address. Default: one nobody can guess.")
    ] = "",
    controller: Controller = None,
    by: By = "command line",
    json: AsJson = False,
) -> None:
    """Open a form, which feeds a list of its own; campaigns use that list as any other."""
    workspace = open_home(ctx)
    asked = NewForm(name, purpose, _texts(fr, en), slot or [], slug)
    # Its name is what people read: without one, the only controller there is, and no other.
    owner = (
        controller_of(workspace, controller, by) if controller else one_controller(workspace, None)
    )
    form = consent_forms.create(workspace.engine, owner, asked, by)
    if json:
        say(as_json(_plain(form)))
    else:
        say(f"«{form.name}» is open at /consent/{form.slug} and feeds list {form.list_id}.")


@app.command("list")
def show_all(ctx: typer.Context, controller: Controller = None, json: AsJson = False) -> None:
    """Show the forms, newest first."""
    workspace = open_home(ctx)
    owners = lookup.controllers(workspace, controller)
    found = [one for owner in owners for one in of_controller(workspace.engine, owner)]
    if json:
        say(as_json([_plain(one) for one in found]))
        return
    if not found:
        note("No form yet. Open one with «portevoix consent-form create».")
        return
    made = table(
        "address", "name", "for", "texts", "hours", "list", "people", "closed",
        right=("list", "people"),
    )  # fmt: skip
    for one in found:
        texts = ", ".join(text.key for text in one.in_force.values())
        row(
            made, f"/consent/{one.slug}", one.name, one.controller, texts,
            " | ".join(map(str, one.slots)) or "–", one.list_id, figure(one.people),
            local(one.closed_at),
        )  # fmt: skip
    show(made)


@app.command()
def reword(
    ctx: typer.Context,
    slug: Slug,
    fr: French = "",
    en: English = "",
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Show another text from now on, as a new version; the old ones are kept for ever."""
    workspace = open_home(ctx)
    owner = one_controller(workspace, controller)
    form = consent_forms.reword(workspace.engine, owner, slug, _texts(fr, en), by)
    texts = ", ".join(one.key for one in form.in_force.values())
    say(f"«{form.name}» shows {texts}.")


@app.command()
def close(
    ctx: typer.Context, slug: Slug, controller: Controller = None, by: By = "command line"
) -> None:
    """Take no agreement any more; people can still withdraw there."""
    workspace = open_home(ctx)
    owner = one_controller(workspace, controller)
    form = consent_forms.close(workspace.engine, owner, slug, by)
    say(f"«{form.name}» is closed. Whoever agreed can still withdraw at its address.")


@app.command()
def proof(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Written in any French way.")],
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Show what was done for a number on the forms, newest first, with the exact texts."""
    workspace = open_home(ctx)
    found = proofs(workspace.engine, one_controller(workspace, controller), number)
    if json:
        say(as_json([asdict(one) for one in found]))
        return
    if not found:
        note("Nothing was done for this number on a form.")
    for one in found:
        say("\n".join(_lines(one)))


def _texts(fr: str, en: str) -> dict[str, str]:
    return {language: text for language, text in (("fr", fr), ("en", en)) if text}


def _lines(one: Proof) -> list[str]:
    head = f"{local(one.at)}  {one.act.value} at /consent/{one.form} «{one.name}»"
    if one.text is None:
        return [head]
    refused = "; a refusal stood, so nobody calls" if one.suppressed else ""
    return [
        f"{head}, list {one.list_id}{refused}",
        f"  for {', '.join(one.purposes)}; hours: {one.slot or 'none named'}",
        f"  text {one.wording}, SHA-256 {one.sha256}:",
        f"  {one.text}",
    ]


def _plain(form: ConsentForm) -> dict[str, object]:
    return {
        "address": f"/consent/{form.slug}",
        "slug": form.slug,
        "name": form.name,
        "controller": form.controller,
        "list_id": form.list_id,
        "purposes": form.purposes,
        "slots": [str(one) for one in form.slots],
        "people": form.people,
        "wordings": [
            {"id": one.key, "text": one.text, "sha256": one.sha256} for one in form.wordings
        ],
        "created_at": form.created_at,
        "closed_at": form.closed_at,
    }
