"""What is looked at before a launch, its record, and who of a list may be called."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.text import Text

from api import spoken
from api.language import LANGUAGES, Language
from api.language import language as language_of
from campaigns.check import Verdict
from campaigns.errors import InvalidInput
from campaigns.readiness import ListReadiness, Readiness
from cli import lookup
from cli.console import as_json, local, out, row, say, show, table
from cli.session import REFUSED, AsJson, Controller, open_home
from operations import readiness
from operations.launch_record import LaunchRecord, launch_record
from operations.preflight import Preflight
from operations.preflight import preflight as look

Which = Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="The campaign.")]
Lang = Annotated[str, typer.Option("--lang", envvar="PORTEVOIX_LANG", help="en or fr.")]

_STYLES = {Verdict.PASS: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


def preflight(
    ctx: typer.Context,
    which: Which,
    by: Annotated[str, typer.Option("--by", help="Who would launch it.")] = "",
    lang: Lang = LANGUAGES[0],
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Look at everything a launch needs: pass, warn or fail. Exit code 1 where anything fails."""
    workspace, language = open_home(ctx), _language(lang)
    chosen = lookup.find_campaign(workspace, which, controller)
    found = look(workspace, chosen["controller_id"], chosen["id"], by)
    if json:
        say(as_json(_plain(language, found)))
    else:
        _show(language, found)
    if found.failed:
        raise typer.Exit(REFUSED)


def record(
    ctx: typer.Context, which: Which, controller: Controller = None, json: AsJson = False
) -> None:
    """Show what was launched, by whom, and what was looked at before; nobody can change it."""
    workspace = open_home(ctx)
    chosen = lookup.find_campaign(workspace, which, controller)
    found = launch_record(workspace, chosen["controller_id"], chosen["id"])
    if json:
        say(as_json(asdict(found)))
    else:
        _show_record(chosen["name"], found)


def list_readiness(
    ctx: typer.Context,
    which: Annotated[list[int], typer.Argument(metavar="LIST...", help="Numbers of lists.")],
    pack: Annotated[str, typer.Option(help="Rules, such as fr-political.")],
    purpose: Annotated[str, typer.Option(help="What the calls are for, such as political.")],
    lang: Lang = LANGUAGES[0],
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Count who of some lists may be called, who not and why, and what to ask the supplier for."""
    workspace, language = open_home(ctx), _language(lang)
    owner = lookup.owner_of_list(workspace, which[0], controller)
    found = readiness.of_lists(workspace, owner, which, pack, purpose)
    if json:
        say(as_json(plain_readiness(language, found)))
    else:
        show_readiness(language, found)


def plain_readiness(language: Language, found: Readiness) -> dict[str, Any]:
    """For programs."""
    return {
        "purpose": found.purpose,
        "pack": found.pack,
        "contacts": found.contacts,
        "people": found.people,
        "callable": found.callable_people,
        "lists": [
            {
                "id": one.list_id,
                "name": one.name,
                "contacts": one.contacts,
                "callable": one.callable,
                "not_callable": [
                    asdict(reason) for reason in spoken.unready(language, one, found.purpose)
                ],
                "refused": dict(one.refused),
            }
            for one in found.lists
        ],
    }


def show_readiness(language: Language, found: Readiness) -> None:
    """Print it for reading."""
    said = language.translations.gettext
    for one in found.lists:
        _show_list(language, one, found)
    if len(found.lists) > 1:
        say(
            said("In all: {callable} of {contacts} may be called.").format(
                callable=language.number(found.callable), contacts=language.number(found.contacts)
            )
        )


def _show_list(language: Language, one: ListReadiness, found: Readiness) -> None:
    said = language.translations.gettext
    say(
        said("List {id} «{name}»: {callable} of {contacts} may be called ({pack}).").format(
            id=one.list_id, name=one.name, callable=language.number(one.callable),
            contacts=language.number(one.contacts), pack=found.pack,
        )
    )  # fmt: skip
    for reason in spoken.unready(language, one, found.purpose):
        say(f"  {language.number(reason.count)}: {reason.why} ({reason.gate})")
        say(f"    {reason.ask}")
    if one.refused:
        codes = ", ".join(f"{language.number(many)} {code}" for code, many in one.refused.items())
        say("  " + said("Rows refused at import: {codes}").format(codes=codes))


def _language(code: str) -> Language:
    if code not in LANGUAGES:
        raise InvalidInput("--lang", f"«{code}» is not spoken.", f"One of: {', '.join(LANGUAGES)}.")
    return language_of(code)


def _show(language: Language, found: Preflight) -> None:
    for one in spoken.told(language, found.checks):
        line = Text(f"{one.word:<10}", style=_STYLES[Verdict(one.verdict)])
        line.append(f"{one.about} – {one.text}", style="")
        out().print(line, soft_wrap=True)
        if one.remedy:
            say(f"{'':<10}{one.remedy}")
    _show_calendar(language, found)
    if any(one.reasons for one in found.readiness.lists):
        say("")
        show_readiness(language, found.readiness)


def _show_calendar(language: Language, found: Preflight) -> None:
    if not found.forecast.days:
        return
    said = language.translations.gettext
    columns = [said(name) for name in ("Day", "First call", "Last call", "Calls")]
    made = table(*columns, right=(columns[-1],))
    for day in spoken.calendar(language, found.forecast.days):
        row(made, day.day, day.begin, day.end, language.number(day.calls))
    say("")
    show(made)
    say(said("If half of all calls are answered, and everybody hears the message to its end."))


def _plain(language: Language, found: Preflight) -> dict[str, Any]:
    forecast, cost = found.forecast, found.cost
    return {
        "verdict": found.verdict,
        "checks": [asdict(one) for one in spoken.told(language, found.checks)],
        "calls": forecast.calls,
        "finish_at": forecast.finish_at,
        "days": [asdict(one) for one in forecast.days],
        "cost": {"expected": cost.expected, "worst": cost.worst},
        "readiness": plain_readiness(language, found.readiness),
    }


def _show_record(name: str, found: LaunchRecord) -> None:
    say(f"«{name}» was launched {local(found.at)} by {found.by}; prepared by {found.prepared_by}.")
    content = found.content
    say(f"{content['callable']:,} of {content['people']:,} people could be called.")
    made = table("what", "name", "sha256")
    row(made, "pack", content["pack"]["label"], content["pack"]["sha256"])
    for kind in ("lists", "recordings"):
        for one in content[kind]:
            row(made, kind[:-1], one.get("name", one["id"]), one.get("sha256", "–"))
    for codec, digest in content["message"]["sha256"].items():
        row(made, "message", codec, digest)
    show(made)
    for one in content["preflight"]:
        say(f"{one['verdict']:<6}{one['said']}")
    kept = "as it was written" if found.intact else "NOT AS IT WAS WRITTEN"
    say(f"record {found.hash}: {kept}")
